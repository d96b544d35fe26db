/** A habit that makes readers stop, and the plain words for it. */
interface ProseRule {
  readonly pattern: RegExp
  readonly instead: string
}

/** The start of a comment, a sentence or a table cell. */
const START = String.raw`(?:^|(?<=[.:;!?|]\s)|(?<=\*\*\s?))`

export const PROSE_RULES: readonly ProseRule[] = [
  {
    pattern: new RegExp(String.raw`${START}(?:What|Whom|Whose|By which|By what|So that|Of)\b(?!.*\?)`),
    instead: 'a subject: "Length of one frame", "The folder that holds …", "Returns …"',
  },
  { pattern: /\bstands?\b|\bstood\b|\bstanding\b/i, instead: 'is, is stored, is written, appears' },
  { pattern: /\bnobody\b|\bsomebody\b/i, instead: 'the passive, or the real actor' },
  {
    pattern: /(?<!\bthere )(?<!\bThere )\b(?:is|are|was|were) none\b/,
    instead: 'does not exist, is not one',
  },
  {
    pattern: /(?<!\bthere )(?<!\bThere )\b(?:is|are) no (?!longer\b|more\b|less\b|other\b|such\b|way\b)/,
    instead: 'is not a(n)',
  },
  {
    pattern: /\bso (?:much|many|long|often|few)\b(?! as\b| that\b)/,
    instead: 'this many, at most N, the interval',
  },
  {
    pattern: /\banew\b|\bfor ever\b|\bof late\b|\bjust now\b|\bparted\b/,
    instead: 'again, forever, recently, now, split',
  },
  { pattern: /\bwhom\b/i, instead: 'who, or another sentence' },
  { pattern: /\bbesides\b/i, instead: 'in addition, also, other' },
  { pattern: /\b(?:taken|takes?|taking) on\b(?! average| a very| it\b)/, instead: 'accepted, accepts' },
  { pattern: /\b(?:goes|go|going|gone) by\b/, instead: 'is routed, uses' },
  { pattern: /\d\. time\b|\}\. time\b/, instead: 'occurrence N' },
  {
    pattern:
      /\bundefined where\b|\bwhere (?:there )?(?:is|are) none\b|\bwhere none\b|\bwhere it (?:is|does) not\b/,
    instead: 'if, unless',
  },
  { pattern: /\bshould\b(?= be able| not be possible)/, instead: 'can, cannot' },
]
