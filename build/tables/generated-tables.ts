import { attributeTable } from './attribute-table.ts'
import { confidentialityTable } from './confidentiality-table.ts'
import { hanTable, pinyinBoundaryTable, readHan } from './pinyin-tables.ts'
import { sopClassTable } from './sop-class-table.ts'
import { readSource, SOURCES, type Source } from './source.ts'

/** A file of src/ that is made by `npm run tables`. */
interface GeneratedTable {
  readonly file: string
  /** The whole file; undefined if its source is not on this machine. */
  readonly text: string | undefined
}

/** The tables of the standard, from a folder with the published sources. */
export function standardTables(folder: string): GeneratedTable[] {
  return [
    {
      file: 'src/dicom/vocabulary/attribute-table.ts',
      text: made(SOURCES.attributes, folder, attributeTable),
    },
    {
      file: 'src/agent/deidentify/rules/confidentiality-table.ts',
      text: made(SOURCES.confidentiality, folder, confidentialityTable),
    },
    {
      file: 'src/dicom/vocabulary/sop-class-table.ts',
      text: made(SOURCES.sopClasses, folder, sopClassTable),
    },
  ]
}

/** The tables of Chinese readings, from ICU's uconv. Another version of ICU may know other readings. */
export function readingTables(): GeneratedTable[] {
  const han = readHan()
  return [
    { file: 'src/agent/deidentify/names/han-table.ts', text: han && hanTable(han.readings, han.simplified) },
    {
      file: 'src/leftovers/pinyin-boundary-table.ts',
      text: han && pinyinBoundaryTable(han.readings),
    },
  ]
}

function made(source: Source, folder: string, table: (rows: unknown) => string): string | undefined {
  const rows = readSource(source, folder)
  return rows === undefined ? undefined : table(rows)
}
