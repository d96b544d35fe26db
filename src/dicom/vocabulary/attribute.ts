import { ATTRIBUTE_TABLE } from './attribute-table.ts'
import { remembering, whenAsked } from './remembering.ts'
import { type Tag, tagText } from './tag.ts'

/** The entry of PS3.6 for a data element. */
interface Attribute {
  /** Upper camel case, as PS3.6 writes it. */
  readonly keyword: string
  /** More than one if the data set decides, e.g. US and SS. */
  readonly vrs: readonly string[]
}

interface Dictionary {
  readonly byTag: ReadonlyMap<string, Attribute>
  readonly byKeyword: ReadonlyMap<string, string>
  /** Rows with x for "any digit". */
  readonly repeating: readonly { readonly pattern: RegExp; readonly attribute: Attribute }[]
}

/** Returns the standard's entry for a tag; undefined for a private or unknown element. */
export const attributeOf = remembering(10_000, (tag: Tag): Attribute | undefined => {
  const digits = tag.toString(16).padStart(8, '0')
  const { byTag, repeating } = dictionary()
  return byTag.get(digits) ?? repeating.find(({ pattern }) => pattern.test(digits))?.attribute
})

/** The tag of a keyword; undefined if there is none, or if it names a range of tags. */
export function tagOfKeyword(keyword: string): Tag | undefined {
  const digits = dictionary().byKeyword.get(keyword)
  return digits === undefined || digits.includes('x') ? undefined : Number.parseInt(digits, 16)
}

/** Returns the keyword if there is one, otherwise the tag as the standard prints it. */
export function attributeName(tag: Tag): string {
  return attributeOf(tag)?.keyword ?? tagText(tag)
}

export const isPrivate = (tag: Tag): boolean => ((tag >>> 16) & 1) === 1

/** The element that reserves a block of private ones: (gggg,0010) to (gggg,00FF) in an odd group (PS3.5 §7.8.1). */
export function isPrivateCreator(tag: Tag): boolean {
  const element = tag & 0xffff
  return isPrivate(tag) && element >= 0x10 && element <= 0xff
}

/** Returns the private creator's tag for a private element. */
export function privateCreatorTag(tag: Tag): Tag {
  return (tag >>> 16) * 0x1_0000 + ((tag & 0xff00) >>> 8)
}

/** 5,000 rows that `ferry status`, like most commands, does not need. */
const dictionary = whenAsked((): Dictionary => {
  const byTag = new Map<string, Attribute>()
  const byKeyword = new Map<string, string>()
  const repeating: { pattern: RegExp; attribute: Attribute }[] = []
  for (const row of ATTRIBUTE_TABLE.trim().split('\n')) {
    const [digits = '', vrs = '', keyword = ''] = row.split(' ')
    const attribute = { keyword, vrs: vrs.split('/') }
    byTag.set(digits, attribute)
    byKeyword.set(keyword, digits)
    if (digits.includes('x')) {
      repeating.push({ pattern: new RegExp(`^${digits.replaceAll('x', '[0-9a-f]')}$`), attribute })
    }
  }
  return { byTag, byKeyword, repeating }
})
