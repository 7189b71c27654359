// Generated from space.proto by cli/generate_proto.ts: do not edit.

import type protobuf from "protobufjs/minimal";

export interface Codec<T> {
  encode(message: T, writer?: protobuf.Writer): protobuf.Writer;
  decode(reader: Uint8Array, length?: number): T;
}
export namespace distspace {
  export enum FrameType {
    FRAME_TYPE_UNSPECIFIED = 0,
    OPERATION = 1,
    SYNC_DOCUMENT = 2,
    PING = 3,
    PONG = 4,
    HELLO = 5,
    WELCOME = 6,
    ACKNOWLEDGE = 7,
    REFUSE = 8,
    ENTRY = 9,
    PRESENCE = 10,
    CLOSE = 11,
    ACCEPTED = 12,
    PART = 13,
    QUERY = 14,
    ANSWER = 15,
    UPLOAD = 16,
    UPLOADED = 17,
    LOAD = 20,
    ADMIN_HELLO = 21,
    ADMIN_ASK = 22,
    ADMIN_ANSWER = 23,
  }
  export interface Id {
    readonly site?: number | null;
    readonly counter?: number | null;
  }
  export const Id: Codec<Id>;
  export interface Splice {
    readonly at?: number | null;
    readonly remove?: number | null;
    readonly insert?: string | null;
  }
  export const Splice: Codec<Splice>;
  export interface Edit {
    readonly node?: distspace.Id | null;
    readonly splices?: readonly distspace.Splice[] | null;
  }
  export const Edit: Codec<Edit>;
  export enum NodeKind {
    NODE_KIND_UNSPECIFIED = 0,
    DIRECTORY = 1,
    TEXT = 2,
    BLOB = 3,
  }
  export interface BlobContent {
    readonly hash?: Uint8Array | null;
    readonly bytes?: number | null;
  }
  export const BlobContent: Codec<BlobContent>;
  export interface Step {
    readonly node?: distspace.Id | null;
    readonly create?: distspace.Step.Create | null;
    readonly move?: distspace.Step.Move | null;
    readonly rename?: distspace.Step.Rename | null;
    readonly remove?: distspace.Step.Remove | null;
    readonly restore?: distspace.Step.Restore | null;
    readonly replace?: distspace.Step.Replace | null;
    readonly forget?: distspace.Step.Forget | null;
    readonly mode?: distspace.Step.Mode | null;
  }
  export const Step: Codec<Step>;
  export namespace Step {
    export interface Create {
      readonly parent?: distspace.Id | null;
      readonly name?: string | null;
      readonly kind?: distspace.NodeKind | null;
      readonly content?: distspace.BlobContent | null;
      readonly executable?: boolean | null;
    }
    export interface Move {
      readonly parent?: distspace.Id | null;
    }
    export interface Rename {
      readonly name?: string | null;
    }
    export interface Remove {
      readonly tombstone?: distspace.Id | null;
    }
    export interface Restore {
      readonly tombstone?: distspace.Id | null;
    }
    export interface Replace {
      readonly content?: distspace.BlobContent | null;
    }
    export interface Forget {
    }
    export interface Mode {
      readonly executable?: boolean | null;
    }
  }
  export interface Change {
    readonly steps?: readonly distspace.Step[] | null;
    readonly edits?: readonly distspace.Edit[] | null;
  }
  export const Change: Codec<Change>;
  export enum ParticipantKind {
    PARTICIPANT_KIND_UNSPECIFIED = 0,
    HUMAN = 1,
    AGENT = 2,
    CI = 3,
  }
  export interface Participant {
    readonly name?: string | null;
    readonly kind?: distspace.ParticipantKind | null;
  }
  export const Participant: Codec<Participant>;
  export interface Hello {
    readonly version?: number | null;
    readonly workspace?: string | null;
    readonly participant?: distspace.Participant | null;
    readonly session?: string | null;
    readonly epoch?: string | null;
    readonly revision?: number | null;
    readonly snapshot?: boolean | null;
    readonly accepted?: boolean | null;
    readonly attempt?: number | null;
    readonly packed?: boolean | null;
    readonly lazy?: boolean | null;
    readonly loaded?: readonly distspace.Id[] | null;
    readonly token?: string | null;
    readonly existing?: boolean | null;
    readonly scope?: string | null;
    readonly key?: Uint8Array | null;
  }
  export const Hello: Codec<Hello>;
  export interface Load {
    readonly nodes?: readonly distspace.Id[] | null;
  }
  export const Load: Codec<Load>;
  export interface Limits {
    readonly frameBytes?: number | null;
    readonly textLength?: number | null;
    readonly workspaceLength?: number | null;
    readonly nodes?: number | null;
    readonly messageBytes?: number | null;
    readonly changesPerSecond?: number | null;
    readonly blobBytes?: number | null;
  }
  export const Limits: Codec<Limits>;
  export interface Welcome {
    readonly version?: number | null;
    readonly session?: string | null;
    readonly site?: number | null;
    readonly epoch?: string | null;
    readonly revision?: number | null;
    readonly resumed?: boolean | null;
    readonly committed?: number | null;
    readonly counter?: number | null;
    readonly limits?: distspace.Limits | null;
    readonly scope?: string | null;
  }
  export const Welcome: Codec<Welcome>;
  export interface Operation {
    readonly seq?: number | null;
    readonly base?: number | null;
    readonly change?: distspace.Change | null;
    readonly signature?: Uint8Array | null;
    readonly task?: string | null;
    readonly conditions?: readonly distspace.Condition[] | null;
  }
  export const Operation: Codec<Operation>;
  export interface Condition {
    readonly node?: distspace.Id | null;
    readonly contentSince?: number | null;
    readonly pathSince?: number | null;
    readonly live?: boolean | null;
    readonly path?: string | null;
    readonly apartSince?: number | null;
  }
  export const Condition: Codec<Condition>;
  export interface Notice {
    readonly node?: distspace.Id | null;
    readonly renamed?: distspace.Notice.Renamed | null;
    readonly retargeted?: distspace.Notice.Retargeted | null;
    readonly dropped?: distspace.Notice.Dropped | null;
  }
  export const Notice: Codec<Notice>;
  export namespace Notice {
    export interface Renamed {
      readonly name?: string | null;
    }
    export interface Retargeted {
      readonly parent?: distspace.Id | null;
    }
    export interface Dropped {
      readonly reason?: string | null;
    }
  }
  export interface Accepted {
    readonly seq?: number | null;
  }
  export const Accepted: Codec<Accepted>;
  export interface Acknowledge {
    readonly seq?: number | null;
    readonly revision?: number | null;
    readonly time?: number | null;
    readonly steps?: readonly distspace.Step[] | null;
    readonly notices?: readonly distspace.Notice[] | null;
  }
  export const Acknowledge: Codec<Acknowledge>;
  export interface Refuse {
    readonly seq?: number | null;
    readonly code?: string | null;
    readonly message?: string | null;
    readonly retryMs?: number | null;
    readonly nodes?: readonly distspace.Id[] | null;
  }
  export const Refuse: Codec<Refuse>;
  export interface Entry {
    readonly revision?: number | null;
    readonly site?: number | null;
    readonly seq?: number | null;
    readonly time?: number | null;
    readonly change?: distspace.Change | null;
    readonly author?: distspace.Participant | null;
    readonly task?: string | null;
    readonly left?: readonly distspace.Id[] | null;
  }
  export const Entry: Codec<Entry>;
  export interface SyncDocument {
    readonly revision?: number | null;
    readonly nodes?: readonly distspace.SyncDocument.Node[] | null;
    readonly contents?: readonly distspace.SyncDocument.Content[] | null;
    readonly authors?: readonly distspace.SyncDocument.Author[] | null;
    readonly last?: boolean | null;
    readonly packed?: Uint8Array | null;
    readonly length?: number | null;
    readonly load?: boolean | null;
  }
  export const SyncDocument: Codec<SyncDocument>;
  export namespace SyncDocument {
    export interface Node {
      readonly id?: distspace.Id | null;
      readonly parent?: distspace.Id | null;
      readonly name?: string | null;
      readonly kind?: distspace.NodeKind | null;
      readonly tombstone?: distspace.Id | null;
      readonly content?: distspace.BlobContent | null;
      readonly executable?: boolean | null;
    }
    export interface Content {
      readonly node?: distspace.Id | null;
      readonly text?: string | null;
    }
    export interface Author {
      readonly site?: number | null;
      readonly participant?: distspace.Participant | null;
    }
  }
  export interface Upload {
    readonly content?: Uint8Array | null;
  }
  export const Upload: Codec<Upload>;
  export interface Uploaded {
    readonly hash?: Uint8Array | null;
    readonly code?: string | null;
    readonly message?: string | null;
    readonly retryMs?: number | null;
  }
  export const Uploaded: Codec<Uploaded>;
  export interface Presence {
    readonly site?: number | null;
    readonly participant?: distspace.Participant | null;
    readonly gone?: boolean | null;
    readonly node?: distspace.Id | null;
    readonly revision?: number | null;
    readonly seq?: number | null;
    readonly ranges?: readonly distspace.Presence.Range[] | null;
  }
  export const Presence: Codec<Presence>;
  export namespace Presence {
    export interface Range {
      readonly anchor?: number | null;
      readonly head?: number | null;
    }
  }
  export interface Close {
    readonly code?: string | null;
    readonly message?: string | null;
    readonly resume?: boolean | null;
    readonly retryMs?: number | null;
  }
  export const Close: Codec<Close>;
  export interface Query {
    readonly id?: number | null;
    readonly revision?: number | null;
    readonly time?: number | null;
    readonly paths?: readonly string[] | null;
    readonly globs?: readonly string[] | null;
    readonly after?: string | null;
    readonly tree?: distspace.Query.Tree | null;
    readonly files?: distspace.Query.Files | null;
    readonly diff?: distspace.Query.Diff | null;
    readonly changes?: distspace.Query.Changes | null;
    readonly blame?: distspace.Query.Blame | null;
    readonly search?: distspace.Query.Search | null;
    readonly blob?: distspace.Query.Blob | null;
    readonly entries?: distspace.Query.Entries | null;
  }
  export const Query: Codec<Query>;
  export namespace Query {
    export interface Tree {
    }
    export interface Files {
    }
    export interface Diff {
      readonly revision?: number | null;
      readonly time?: number | null;
      readonly context?: number | null;
    }
    export interface Changes {
      readonly revision?: number | null;
      readonly time?: number | null;
    }
    export interface Blame {
      readonly path?: string | null;
      readonly revision?: number | null;
      readonly time?: number | null;
    }
    export interface Search {
      readonly pattern?: string | null;
      readonly regular?: boolean | null;
      readonly ignoreCase?: boolean | null;
      readonly matches?: number | null;
    }
    export interface Blob {
      readonly hash?: Uint8Array | null;
    }
    export interface Entries {
      readonly revision?: number | null;
      readonly time?: number | null;
      readonly authors?: readonly string[] | null;
      readonly sites?: readonly number[] | null;
      readonly tasks?: readonly string[] | null;
      readonly revisions?: readonly number[] | null;
      readonly newest?: boolean | null;
      readonly count?: number | null;
      readonly changes?: boolean | null;
      readonly undone?: boolean | null;
    }
  }
  export enum FileStatus {
    FILE_STATUS_UNSPECIFIED = 0,
    ADDED = 1,
    REMOVED = 2,
    MODIFIED = 3,
    RENAMED = 4,
  }
  export enum Kept {
    KEPT_UNSPECIFIED = 0,
    WRITTEN = 1,
    MOVED_SINCE = 2,
    REMOVED_SINCE = 3,
    REPLACED_SINCE = 4,
    MODE_SINCE = 5,
  }
  export interface Answer {
    readonly id?: number | null;
    readonly revision?: number | null;
    readonly items?: readonly distspace.Answer.Item[] | null;
    readonly last?: boolean | null;
    readonly next?: string | null;
    readonly code?: string | null;
    readonly message?: string | null;
  }
  export const Answer: Codec<Answer>;
  export namespace Answer {
    export interface Node {
      readonly id?: distspace.Id | null;
      readonly path?: string | null;
      readonly kind?: distspace.NodeKind | null;
      readonly length?: number | null;
      readonly content?: distspace.BlobContent | null;
      readonly executable?: boolean | null;
    }
    export interface Content {
      readonly id?: distspace.Id | null;
      readonly path?: string | null;
      readonly at?: number | null;
      readonly text?: string | null;
    }
    export interface Difference {
      readonly status?: distspace.FileStatus | null;
      readonly path?: string | null;
      readonly from?: string | null;
      readonly at?: number | null;
      readonly patch?: string | null;
      readonly omitted?: boolean | null;
    }
    export interface Touched {
      readonly id?: distspace.Id | null;
      readonly status?: distspace.FileStatus | null;
      readonly path?: string | null;
      readonly from?: string | null;
      readonly first?: number | null;
      readonly last?: number | null;
      readonly time?: number | null;
      readonly sites?: readonly number[] | null;
    }
    export interface Line {
      readonly number?: number | null;
      readonly text?: string | null;
      readonly revision?: number | null;
      readonly time?: number | null;
      readonly site?: number | null;
    }
    export interface Match {
      readonly path?: string | null;
      readonly id?: distspace.Id | null;
      readonly line?: number | null;
      readonly column?: number | null;
      readonly length?: number | null;
      readonly text?: string | null;
      readonly textColumn?: number | null;
    }
    export interface Bytes {
      readonly at?: number | null;
      readonly bytes?: Uint8Array | null;
    }
    export interface Made {
      readonly revision?: number | null;
      readonly site?: number | null;
      readonly seq?: number | null;
      readonly time?: number | null;
      readonly task?: string | null;
      readonly touched?: readonly distspace.Answer.Made.Touched[] | null;
      readonly change?: distspace.Change | null;
    }
    export namespace Made {
      export interface Touched {
        readonly id?: distspace.Id | null;
        readonly status?: distspace.FileStatus | null;
        readonly path?: string | null;
        readonly from?: string | null;
      }
    }
    export interface Undone {
      readonly id?: distspace.Id | null;
      readonly kind?: distspace.NodeKind | null;
      readonly path?: string | null;
      readonly forgotten?: boolean | null;
      readonly live?: boolean | null;
      readonly would?: boolean | null;
      readonly parent?: distspace.Id | null;
      readonly name?: string | null;
      readonly content?: distspace.BlobContent | null;
      readonly splices?: readonly distspace.Splice[] | null;
      readonly kept?: readonly distspace.Kept[] | null;
      readonly mode?: boolean | null;
      readonly executable?: boolean | null;
    }
    export interface Author {
      readonly site?: number | null;
      readonly participant?: distspace.Participant | null;
    }
    export interface Item {
      readonly node?: distspace.Answer.Node | null;
      readonly content?: distspace.Answer.Content | null;
      readonly difference?: distspace.Answer.Difference | null;
      readonly touched?: distspace.Answer.Touched | null;
      readonly line?: distspace.Answer.Line | null;
      readonly match?: distspace.Answer.Match | null;
      readonly author?: distspace.Answer.Author | null;
      readonly made?: distspace.Answer.Made | null;
      readonly undone?: distspace.Answer.Undone | null;
      readonly bytes?: distspace.Answer.Bytes | null;
    }
  }
  export interface AdminHello {
    readonly version?: number | null;
    readonly token?: string | null;
  }
  export const AdminHello: Codec<AdminHello>;
  export interface AdminAsk {
    readonly id?: number | null;
    readonly workspaces?: distspace.AdminAsk.Workspaces | null;
    readonly clients?: distspace.AdminAsk.Clients | null;
    readonly kick?: distspace.AdminAsk.Kick | null;
    readonly limits?: distspace.AdminAsk.Limits | null;
    readonly tail?: distspace.AdminAsk.Tail | null;
  }
  export const AdminAsk: Codec<AdminAsk>;
  export namespace AdminAsk {
    export interface Workspaces {
    }
    export interface Clients {
      readonly workspace?: string | null;
    }
    export interface Kick {
      readonly workspace?: string | null;
      readonly site?: number | null;
      readonly name?: string | null;
      readonly holdMs?: number | null;
      readonly connection?: number | null;
    }
    export interface Limits {
      readonly settings?: readonly distspace.AdminAsk.Limits.Setting[] | null;
    }
    export namespace Limits {
      export interface Setting {
        readonly name?: string | null;
        readonly value?: number | null;
      }
    }
    export interface Tail {
      readonly workspace?: string | null;
      readonly from?: number | null;
    }
  }
  export interface AdminAnswer {
    readonly id?: number | null;
    readonly items?: readonly distspace.AdminAnswer.Item[] | null;
    readonly last?: boolean | null;
    readonly code?: string | null;
    readonly message?: string | null;
  }
  export const AdminAnswer: Codec<AdminAnswer>;
  export namespace AdminAnswer {
    export interface Workspace {
      readonly name?: string | null;
      readonly awake?: boolean | null;
      readonly revision?: number | null;
      readonly epoch?: string | null;
      readonly nodes?: number | null;
      readonly length?: number | null;
      readonly blobBytes?: number | null;
      readonly historyEntries?: number | null;
      readonly historyBytes?: number | null;
      readonly clients?: number | null;
      readonly queued?: number | null;
      readonly appending?: number | null;
    }
    export interface Client {
      readonly connection?: number | null;
      readonly workspace?: string | null;
      readonly site?: number | null;
      readonly participant?: distspace.Participant | null;
      readonly door?: string | null;
      readonly address?: string | null;
      readonly since?: number | null;
      readonly heard?: number | null;
      readonly revision?: number | null;
      readonly behind?: number | null;
      readonly queuedBytes?: number | null;
      readonly inFlight?: number | null;
      readonly seq?: number | null;
    }
    export interface Limit {
      readonly name?: string | null;
      readonly value?: number | null;
      readonly least?: number | null;
      readonly most?: number | null;
      readonly changed?: boolean | null;
    }
    export interface Change {
      readonly workspace?: string | null;
      readonly revision?: number | null;
      readonly time?: number | null;
      readonly site?: number | null;
      readonly author?: distspace.Participant | null;
      readonly files?: readonly distspace.AdminAnswer.Change.File[] | null;
      readonly others?: number | null;
    }
    export namespace Change {
      export interface File {
        readonly path?: string | null;
        readonly step?: string | null;
        readonly inserted?: number | null;
        readonly removed?: number | null;
      }
    }
    export interface Missed {
      readonly workspace?: string | null;
      readonly first?: number | null;
      readonly last?: number | null;
    }
    export interface Item {
      readonly workspace?: distspace.AdminAnswer.Workspace | null;
      readonly client?: distspace.AdminAnswer.Client | null;
      readonly limit?: distspace.AdminAnswer.Limit | null;
      readonly change?: distspace.AdminAnswer.Change | null;
      readonly missed?: distspace.AdminAnswer.Missed | null;
    }
  }
}
