import type { DeidProfile } from '../../src/agent/deidentify/element/profile.ts'
import type { ElementList } from '../../src/dicom/edit/data-set-tree.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { SAFE_CREATOR, SAFE_FIRST, SAFE_GROUP, SAFE_LAST } from './plant.ts'

/** Number of rows from the top that are blackened in images that usually show a name. */
export const MASKED_ROWS = 12
const REGION = { x: 0, y: 0, width: 65_535, height: MASKED_ROWS }
const STORAGE = '1.2.840.10008.5.1.4.1.1.'
/** Ultrasound, secondary capture, visible light. */
const MASKED_CLASSES = '3 3.1 6 6.1 7 7.1 7.2 7.3 7.4 77.1.1 77.1.2 77.1.4'
  .split(' ')
  .map((end) => STORAGE + end)
/** Modalities of the corpus whose SOP classes are unknown, and pictures of labels and screens. */
const MASKED_MODALITIES = ['US', 'ES', 'XC', 'OP']

export const BENCH_PROFILE: DeidProfile = {
  name: 'bench',
  options: new Set([
    'clean-descriptors',
    'retain-long-modified-dates',
    'retain-safe-private',
    'clean-pixel-data',
  ]),
  safePrivate: [
    {
      group: SAFE_GROUP,
      creator: SAFE_CREATOR,
      elements: Array.from({ length: SAFE_LAST - SAFE_FIRST + 1 }, (_, i) => SAFE_FIRST + i),
    },
  ],
  rules: [],
  pixels: [
    { when: { burnedInAnnotation: 'YES' }, regions: [REGION] },
    ...MASKED_MODALITIES.map((modality) => ({ when: { modality }, regions: [REGION] })),
    ...MASKED_CLASSES.map((sopClassUid) => ({ when: { sopClassUid }, regions: [REGION] })),
    // The rest has been looked at.
    { when: {}, regions: [] },
  ],
  capAges: false,
  passDocuments: false,
}

/** The meaning of the profile's rules, written a second time independently. */
export function isMasked(head: ElementList, sopClassUid: string): boolean {
  const textAt = (tag: number): string =>
    head
      .find(tag)
      ?.value.toString('latin1')
      .replace(/[\0 ]+$/, '') ?? ''
  const isImage = head.find(TAG.Rows) !== undefined && head.find(TAG.Columns) !== undefined
  return (
    isImage &&
    (textAt(TAG.BurnedInAnnotation) === 'YES' ||
      MASKED_MODALITIES.includes(textAt(TAG.Modality)) ||
      MASKED_CLASSES.includes(sopClassUid))
  )
}
