import { isPrivate } from '../../../dicom/vocabulary/attribute.ts'
import { CONFIDENTIALITY_OPTIONS } from '../../../dicom/vocabulary/confidentiality-options.ts'
import { remembering } from '../../../dicom/vocabulary/remembering.ts'
import type { Tag } from '../../../dicom/vocabulary/tag.ts'
import type { DeidOption } from '../element/profile.ts'
import { CONFIDENTIALITY_TABLE } from './confidentiality-table.ts'

/** Actions of Table E.1-1 for the Basic Profile. */
export type BasicAction = 'D' | 'Z' | 'X' | 'K' | 'C' | 'U' | 'X/Z' | 'X/D' | 'Z/D' | 'X/Z/D' | 'X/Z/U*'

/** A row of PS3.15 Table E.1-1. */
export interface ConfidentialityRow {
  readonly basic: BasicAction
  readonly options: ReadonlyMap<DeidOption, 'K' | 'C'>
}

interface Rows {
  readonly byDigits: ReadonlyMap<string, ConfidentialityRow>
  readonly repeating: readonly { readonly pattern: RegExp; readonly row: ConfidentialityRow }[]
}

/**
 * Returns the row of a tag, repeating groups and the row of private attributes included; undefined if the table has
 * none.
 */
export const confidentialityOf = remembering(10_000, (tag: Tag): ConfidentialityRow | undefined => {
  const { byDigits, repeating } = ROWS
  if (isPrivate(tag)) {
    const curve = repeating.find(({ pattern }) => pattern.test(digitsOf(tag)))
    return curve?.row ?? byDigits.get('private-')
  }
  return byDigits.get(digitsOf(tag)) ?? repeating.find(({ pattern }) => pattern.test(digitsOf(tag)))?.row
})

const digitsOf = (tag: Tag): string => tag.toString(16).padStart(8, '0')

function read(): Rows {
  const byDigits = new Map<string, ConfidentialityRow>()
  const repeating: { pattern: RegExp; row: ConfidentialityRow }[] = []
  for (const line of CONFIDENTIALITY_TABLE.trim().split('\n')) {
    const [digits = '', basic = '', columns = ''] = line.split(' ')
    const row = { basic: checked(basic), options: optionsOf(columns) }
    byDigits.set(digits, row)
    if (digits.includes('x')) {
      repeating.push({ pattern: new RegExp(`^${digits.replaceAll('x', '[0-9a-f]')}$`), row })
    }
  }
  return { byDigits, repeating }
}

function optionsOf(columns: string): ReadonlyMap<DeidOption, 'K' | 'C'> {
  const options = new Map<DeidOption, 'K' | 'C'>()
  for (const [at, option] of CONFIDENTIALITY_OPTIONS.entries()) {
    const action = columns[at]
    if (action === 'K' || action === 'C') options.set(option, action)
  }
  return options
}

function checked(text: string): BasicAction {
  switch (text) {
    case 'D':
    case 'Z':
    case 'X':
    case 'K':
    case 'C':
    case 'U':
    case 'X/Z':
    case 'X/D':
    case 'Z/D':
    case 'X/Z/D':
    case 'X/Z/U*':
      return text
    default:
      throw new Error(`the table of attributes has the action ${text}`)
  }
}

const ROWS: Rows = read()
