import { type DataSetEdits, editDataSet } from '../../src/dicom/edit/data-set-editor.ts'
import type { DataElement, ElementList } from '../../src/dicom/edit/data-set-tree.ts'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import type { Place } from './expectation.ts'

const PIXEL_DATA = TAG.PixelData

/** A DICOM file to look at. */
export interface OpenObject {
  readonly transferSyntaxUid: string
  readonly parts: readonly ElementList[]
  /** The value of its pixel data; of encapsulated ones the fragments one after the other. Undefined where it has none. */
  readonly pixels: Buffer | undefined
}

export function openObject(file: Buffer): OpenObject {
  const header = parsePart10Header(file)
  if (header === undefined) throw new Error('reading an object: this is not a DICOM file')
  const { transferSyntaxUid, headerBytes } = header
  return { transferSyntaxUid, ...openDataSet(file.subarray(headerBytes), transferSyntaxUid) }
}

function openDataSet(dataSet: Buffer, transferSyntaxUid: string): Omit<OpenObject, 'transferSyntaxUid'> {
  const parts: ElementList[] = []
  let pixels: Buffer[] | undefined
  const look: DataSetEdits = {
    edit: (part) => parts.push(part),
    large: ({ tag }) => ({
      push: (token) => {
        if (tag === PIXEL_DATA) pixels ??= []
        if (tag === PIXEL_DATA && token.kind === 'value') pixels?.push(Buffer.from(token.bytes))
        return []
      },
    }),
  }
  editDataSet(dataSet, transferSyntaxUid, look)
  return { parts, pixels: pixels && Buffer.concat(pixels) }
}

/** Returns the element at a place; undefined if it or an enclosing element is absent. */
export function elementAt({ parts }: Pick<OpenObject, 'parts'>, place: Place): DataElement | undefined {
  let lists: readonly ElementList[] = parts
  let found: DataElement | undefined
  for (const [i, step] of place.entries()) {
    if (i % 2 === 0) {
      found = lists.map((list) => list.find(step)).find((element) => element !== undefined)
      continue
    }
    const list = found?.items?.[step]?.list
    if (list === undefined) return undefined
    lists = [list]
  }
  return found
}
