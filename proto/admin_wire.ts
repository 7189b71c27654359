/**
 * What administrators ask and are told, on its way to the shapes of the generated code and back.
 *
 * @module
 */

import "./plain_numbers.ts";
import type { AdminAnswer, AdminAsk, AdminItem, AdminQuestion, ChangeItem } from "./admin.ts";
import type { distspace as wire } from "./generated/space.js";
import { malformed, participantOf, participantToWire, whole } from "./wire.ts";

/** How many limits can be set at once. */
const settingsMax = 100;

export function askToWire({ id, question }: AdminAsk): wire.AdminAsk {
  switch (question.kind) {
    case "workspaces":
      return { id, workspaces: {} };
    case "clients":
      return { id, clients: question };
    case "kick":
      return { id, kick: question };
    case "limits":
      return { id, limits: question };
    case "tail":
      return { id, tail: question };
  }
}

export function askOf(ask: wire.AdminAsk): AdminAsk {
  return { kind: "admin_ask", id: whole(ask.id), question: questionOf(ask) };
}

function questionOf({ workspaces, clients, kick, limits, tail }: wire.AdminAsk): AdminQuestion {
  if (workspaces) return { kind: "workspaces" };
  if (clients) return { kind: "clients", workspace: clients.workspace ?? "" };
  if (kick) {
    return {
      kind: "kick",
      workspace: kick.workspace ?? "",
      site: whole(kick.site),
      name: kick.name ?? "",
      connection: whole(kick.connection),
      holdMs: whole(kick.holdMs),
    };
  }
  if (limits) {
    const settings = limits.settings ?? [];
    if (settings.length > settingsMax) throw malformed(`more than ${settingsMax} limits are set`);
    return {
      kind: "limits",
      settings: settings.map(({ name, value }) => ({ name: name ?? "", value: whole(value) })),
    };
  }
  if (tail) return { kind: "tail", workspace: tail.workspace ?? "", from: whole(tail.from) };
  throw malformed("an administrator asks nothing that is known here");
}

export function adminAnswerToWire({ id, items, last, code, message }: AdminAnswer): wire.AdminAnswer {
  return { id, items: items.map(itemToWire), last, code, message };
}

function itemToWire(item: AdminItem): wire.AdminAnswer.Item {
  switch (item.kind) {
    case "workspace":
      return { workspace: item };
    case "client":
      return { client: { ...item, participant: participantToWire(item.participant) } };
    case "limit":
      return { limit: item };
    case "change":
      return {
        change: { ...item, author: item.author === undefined ? null : participantToWire(item.author) },
      };
    case "missed":
      return { missed: item };
  }
}

export function adminAnswerOf(answer: wire.AdminAnswer): AdminAnswer {
  return {
    kind: "admin_answer",
    id: whole(answer.id),
    items: (answer.items ?? []).map(itemOf),
    last: answer.last ?? false,
    code: answer.code ?? "",
    message: answer.message ?? "",
  };
}

function itemOf({ workspace, client, limit, change, missed }: wire.AdminAnswer.Item): AdminItem {
  if (workspace) {
    return {
      kind: "workspace",
      name: workspace.name ?? "",
      awake: workspace.awake ?? false,
      revision: whole(workspace.revision),
      epoch: workspace.epoch ?? "",
      nodes: whole(workspace.nodes),
      length: whole(workspace.length),
      blobBytes: whole(workspace.blobBytes),
      historyEntries: whole(workspace.historyEntries),
      historyBytes: whole(workspace.historyBytes),
      clients: whole(workspace.clients),
      queued: whole(workspace.queued),
      appending: whole(workspace.appending),
    };
  }
  if (client) {
    return {
      kind: "client",
      connection: whole(client.connection),
      workspace: client.workspace ?? "",
      site: whole(client.site),
      participant: participantOf(client.participant),
      door: client.door ?? "",
      address: client.address ?? "",
      since: whole(client.since),
      heard: whole(client.heard),
      revision: whole(client.revision),
      behind: whole(client.behind),
      queuedBytes: whole(client.queuedBytes),
      inFlight: whole(client.inFlight),
      seq: whole(client.seq),
    };
  }
  if (limit) {
    return {
      kind: "limit",
      name: limit.name ?? "",
      value: whole(limit.value),
      least: whole(limit.least),
      most: whole(limit.most),
      changed: limit.changed ?? false,
    };
  }
  if (change) return changeOf(change);
  if (missed) {
    return {
      kind: "missed",
      workspace: missed.workspace ?? "",
      first: whole(missed.first),
      last: whole(missed.last),
    };
  }
  throw malformed("an administrator is told nothing that is known here");
}

function changeOf(change: wire.AdminAnswer.Change): ChangeItem {
  return {
    kind: "change",
    workspace: change.workspace ?? "",
    revision: whole(change.revision),
    time: whole(change.time),
    site: whole(change.site),
    author: change.author ? participantOf(change.author) : undefined,
    files: (change.files ?? []).map(({ path, step, inserted, removed }) => ({
      path: path ?? "",
      step: step ?? "",
      inserted: whole(inserted),
      removed: whole(removed),
    })),
    others: whole(change.others),
  };
}
