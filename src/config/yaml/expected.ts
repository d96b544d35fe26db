/** The allowed values of a setting; limits are texts as a person would write them. */
export type Expected =
  | { readonly what: 'count' | 'duration' | 'size'; readonly min: string; readonly max: string }
  | { readonly what: 'choice'; readonly choices: readonly string[] }
  | { readonly what: 'value'; readonly vr: string }
  | {
      readonly what:
        | 'accessionPrefix'
        | 'aeTitle'
        | 'asciiText'
        | 'calledAeTitle'
        | 'copyPolicy'
        | 'elementPath'
        | 'filePattern'
        | 'group'
        | 'host'
        | 'httpUrl'
        | 'httpsUrl'
        | 'list'
        | 'listedDevice'
        | 'listenerName'
        | 'modality'
        | 'namesPattern'
        | 'network'
        | 'path'
        | 'port'
        | 'privateBlock'
        | 'rate'
        | 'recipient'
        | 'region'
        | 'ruleName'
        | 'sopClass'
        | 'text'
        | 'textPath'
    }

/**
 * The difference of two routes with equal UIDs: identity is removed and the UID stays, by two profiles, by one rule.
 */
export type ClashCause = 'retained' | 'profiles' | 'rule'

/** Why a named file cannot be used. */
export type FileTrouble = 'missing' | 'noFile' | 'unreadable'

/** Where in the file, counted from 1, and which setting. */
interface Place {
  readonly line: number
  readonly column: number
  /** `devices[1].aeTitle`; empty for the file as a whole. */
  readonly setting: string
}

export type Problem = Place &
  (
    | { readonly kind: 'syntax'; readonly detail: string }
    /** A line is indented with a tab, and further lines too. */
    | { readonly kind: 'tab'; readonly otherLines: readonly number[] }
    /** A text in double quotes whose backslashes YAML takes for escapes; `raw` is the text as typed. */
    | { readonly kind: 'escape'; readonly raw: string }
    /** A key that is on an earlier line already. */
    | { readonly kind: 'keyTwice'; readonly firstLine: number }
    /** A file that is named and cannot be used; its path is absolute. */
    | { readonly kind: 'file'; readonly file: string; readonly trouble: FileTrouble }
    | { readonly kind: 'unknown'; readonly nearest: string | undefined; readonly known: readonly string[] }
    | { readonly kind: 'missing'; readonly expected: Expected }
    | {
        readonly kind: 'wrong'
        readonly found: string
        readonly expected: Expected
        readonly nearest: string | undefined
      }
    | { readonly kind: 'repeated'; readonly found: string; readonly firstLine: number }
    | { readonly kind: 'newer'; readonly found: string }
    /** Two settings that exclude one another. */
    | { readonly kind: 'conflict'; readonly found: string; readonly other: string }
    /** Two routes that can send the same SOP Instance UID with different content. */
    | {
        readonly kind: 'clash'
        readonly found: string
        readonly other: string
        readonly otherLine: number
        readonly cause: ClashCause
        /** The profile or the normalization rule. */
        readonly subject: string
      }
  )
