import { Deidentification } from '../../../src/agent/deidentify/deidentification.ts'
import type { DeidOption, DeidProfile } from '../../../src/agent/deidentify/element/profile.ts'
import { ProjectKey } from '../../../src/agent/deidentify/rules/project-key.ts'
import { editDataSet } from '../../../src/dicom/edit/data-set-editor.ts'
import { type DataElement, ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import { DataSetReader } from '../../../src/dicom/read/data-set-reader.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { EXPLICIT_LITTLE } from '../../dicom/build-data-set.ts'

export const TEST_KEY = new ProjectKey(Buffer.alloc(32, 7))

export function profileWith(options: readonly DeidOption[], more: Partial<DeidProfile> = {}): DeidProfile {
  return {
    name: 'test',
    options: new Set(options),
    rules: [],
    safePrivate: [],
    pixels: [],
    capAges: false,
    passDocuments: false,
    ...more,
  }
}

/** De-identifies a data set in explicit little endian without pixel data. */
export function deidentify(dataSet: Buffer, profile: DeidProfile, key: ProjectKey = TEST_KEY): Buffer {
  const edits = new Deidentification({
    profile,
    key,
    source: { device: undefined, callingAeTitle: 'CT1' },
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
  })
  return editDataSet(dataSet, TRANSFER_SYNTAX.ExplicitVRLittleEndian, edits)
}

/** Top-level elements of a small data set, to look at. */
export function elementsOf(dataSet: Buffer): readonly DataElement[] {
  let list = new ElementList(EXPLICIT_LITTLE)
  editDataSet(dataSet, TRANSFER_SYNTAX.ExplicitVRLittleEndian, {
    edit: (part) => {
      if (part.elements.length > 0) list = part
    },
    large: () => 'keep',
  })
  return list.elements
}

/** Throws if the bytes are not a data set. */
export function checkReadable(dataSet: Buffer): void {
  const reader = new DataSetReader(TRANSFER_SYNTAX.ExplicitVRLittleEndian, () => {})
  reader.push(dataSet)
  reader.finish()
}
