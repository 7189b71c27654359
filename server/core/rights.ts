/**
 * What somebody may see and change: capabilities by path, as a token carries them.
 *
 *     read:src/**     see what is there, and what it says
 *     edit:src/**     change what files hold, and whether they can be executed; includes read
 *     tree:src/**     create, move, rename, remove, restore; includes read
 *     admin           look after the server
 *
 * A token that was made narrower has the capabilities of each token it comes from as a layer of its own, and a path has
 * to be covered in all of them: so none can be wider than the one before, whatever it says.
 *
 * Of a directory on the way to something that may be seen, the name is seen. So whoever sees a node sees all
 * directories above it.
 *
 * @module
 */

import { GlobError, Globs, type GlobState, type Node, type NodeId, rootId, Workspace } from "../../ot/mod.ts";
import type { Participant } from "../../proto/mod.ts";

/** What a token gives to its bearer, as plain data. */
export interface Grant {
  /** The token's own id, and those of the tokens it was made from. */
  readonly tokens: readonly string[];
  readonly participant: Participant;
  /** When it ends, in milliseconds since 1970; 0 is never. */
  readonly expiresMs: number;
  /** In layers, all of which must cover what is done. */
  readonly capabilities: readonly (readonly string[])[];
  /** Of an administrator: the workspaces that may be looked after, as globs, in layers of which all must cover one. */
  readonly workspaces?: readonly (readonly string[])[];
}

/** Whether a grant has ended. */
export function hasExpired({ expiresMs }: Grant, nowUs: number): boolean {
  return expiresMs !== 0 && nowUs >= expiresMs * 1000;
}

/** Where a path has got to in each layer of a scope. */
export interface ScopeState {
  /** Whether the path is covered. */
  readonly accepts: boolean;
  /** Whether the directory is seen: it is covered, or on the way to something that may be. */
  readonly isOnTheWay: boolean;
  /** Whether everything below is covered. */
  readonly covers: boolean;
  readonly layers: readonly GlobState[];
}

/** Some paths: those that each layer has a glob for. */
export class Scope {
  static readonly everything: Scope = new Scope([]);

  /** The same for equal scopes; "" if that is everything. */
  readonly key: string;
  readonly start: ScopeState;
  readonly #layers: readonly Globs[];

  private constructor(layers: readonly (readonly string[])[]) {
    this.key = layers.length === 0 ? "" : JSON.stringify(layers);
    this.#layers = layers.map((globs) => new Globs(globs));
    this.start = stateOf(this.#layers.map(({ start }) => start));
  }

  /** @throws {GlobError} */
  static of(layers: readonly (readonly string[])[]): Scope {
    const distinct = new Map<string, readonly string[]>();
    for (const layer of layers) {
      const globs = [...new Set(layer)].sort();
      if (!globs.includes("**")) distinct.set(JSON.stringify(globs), globs);
    }
    if (distinct.size === 0) return Scope.everything;
    return new Scope([...distinct].sort(([a], [b]) => a < b ? -1 : 1).map(([, globs]) => globs));
  }

  /** The scope that another one's key is of. */
  static ofKey(key: string): Scope {
    return key === "" ? Scope.everything : new Scope(JSON.parse(key));
  }

  get isEverything(): boolean {
    return this.key === "";
  }

  /** Where the child of a directory is that has this name. */
  step({ layers }: ScopeState, name: string): ScopeState {
    return stateOf(layers.map((state, index) => this.#layers[index]!.step(state, name)));
  }

  /** Where a node of the workspace is, by its path, removed or not. */
  stateAt(workspace: Workspace, id: NodeId): ScopeState {
    const names: string[] = [];
    for (let at = id; at !== rootId;) {
      const { name, parent } = workspace.node(at)!;
      names.push(name);
      at = parent;
    }
    let state = this.start;
    for (let i = names.length - 1; i >= 0; i--) state = this.step(state, names[i]!);
    return state;
  }

  /** Whether a path is covered, whatever stands there. */
  coversPath(path: string): boolean {
    if (this.isEverything) return true;
    let state = this.start;
    for (const name of path.split("/")) state = this.step(state, name);
    return state.accepts;
  }

  /** Whether the path of a node is covered; not if there is no such node. */
  covers(workspace: Workspace, id: NodeId): boolean {
    if (workspace.node(id) === undefined) return false;
    return this.isEverything || this.stateAt(workspace, id).accepts;
  }

  /** Whether a node is seen, by its path; not if there is no such node. */
  sees(workspace: Workspace, id: NodeId): boolean {
    const kind = workspace.node(id)?.kind;
    if (kind === undefined) return false;
    if (this.isEverything || id === rootId) return true;
    const { accepts, isOnTheWay } = this.stateAt(workspace, id);
    return kind === "directory" ? isOnTheWay : accepts;
  }

  /** The nodes that are seen, removed ones too. */
  *nodesIn(workspace: Workspace): Generator<Node> {
    if (this.isEverything) return yield* workspace.nodes();
    const pending: (readonly [NodeId, ScopeState])[] = [[rootId, this.start]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [directory, state] = next;
      for (const node of workspace.allIn(directory)) {
        const below = this.step(state, node.name);
        if (node.kind !== "directory") {
          if (below.accepts) yield node;
        } else if (below.isOnTheWay) {
          yield node;
          pending.push([node.id, below]);
        }
      }
    }
  }

  /** What is seen of a workspace. */
  partOf(workspace: Workspace): Workspace {
    if (this.isEverything) return workspace;
    const nodes = [...this.nodesIn(workspace)];
    const files = nodes.filter(({ kind }) => kind === "text");
    return Workspace.of(nodes, files.map(({ id }) => [id, workspace.text(id)] as const));
  }

  /** Whether a node and all that is in it is covered. */
  coversAll(workspace: Workspace, id: NodeId): boolean {
    const visit = (id: NodeId, state: ScopeState): boolean => {
      if (!state.accepts) return false;
      if (state.covers) return true;
      for (const child of workspace.allIn(id)) {
        if (!visit(child.id, this.step(state, child.name))) return false;
      }
      return true;
    };
    return visit(id, this.stateAt(workspace, id));
  }
}

function stateOf(layers: readonly GlobState[]): ScopeState {
  return {
    accepts: layers.every(({ accepts }) => accepts),
    isOnTheWay: layers.every(({ accepts, leads }) => accepts || leads),
    covers: layers.every(({ covers }) => covers),
    layers,
  };
}

/** What a grant comes to. */
export class Rights {
  static readonly everything: Rights = new Rights([]);

  readonly read: Scope;
  readonly edit: Scope;
  readonly tree: Scope;
  readonly isAdmin: boolean;

  private constructor(layers: readonly (readonly string[])[]) {
    const scope = (...kinds: readonly string[]) =>
      Scope.of(layers.map((layer) =>
        layer.flatMap((capability) => {
          const [, kind = "", glob = ""] = capabilityPattern.exec(capability) ?? [];
          return kinds.includes(kind) ? [glob] : [];
        })
      ));
    this.read = scope("read", "edit", "tree");
    this.edit = scope("edit");
    this.tree = scope("tree");
    this.isAdmin = layers.every((layer) => layer.includes("admin"));
  }

  /** @throws {GlobError} */
  static of({ capabilities }: Grant): Rights {
    return new Rights(capabilities);
  }

  /** Whether there is nothing in the tree that it does not cover. */
  get isEverything(): boolean {
    return this.edit.isEverything && this.tree.isEverything;
  }
}

const capabilityPattern = /^(read|edit|tree):(.*)$/s;

/** What is wrong with something that should be a capability; undefined if nothing is. */
export function capabilityFault(capability: string): string | undefined {
  if (capability === "admin") return undefined;
  const glob = capabilityPattern.exec(capability)?.[2];
  if (glob === undefined || glob === "") {
    return "A capability is admin, or read, edit or tree with a glob, as in edit:src/**";
  }
  try {
    new Globs([glob]);
  } catch (error) {
    if (error instanceof GlobError) return error.message;
    throw error;
  }
}
