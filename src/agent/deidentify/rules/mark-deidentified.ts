import { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import type { Encoding } from '../../../dicom/read/element-header.ts'
import { remembering } from '../../../dicom/vocabulary/remembering.ts'
import { TAG, type Tag } from '../../../dicom/vocabulary/tag.ts'
import type { DeidOption, DeidProfile } from '../element/profile.ts'
import { TABLE_EDITION } from './confidentiality-table.ts'

const LO_LIMIT = 64

/** CID 7050 (PS3.16), in its order. */
const CODES: readonly (readonly [DeidOption, string, string])[] = [
  ['clean-pixel-data', '113101', 'Clean Pixel Data Option'],
  ['clean-graphics', '113103', 'Clean Graphics Option'],
  ['clean-structured-content', '113104', 'Clean Structured Content Option'],
  ['clean-descriptors', '113105', 'Clean Descriptors Option'],
  ['retain-long-full-dates', '113106', 'Retain Longitudinal Temporal Information Full Dates Option'],
  ['retain-long-modified-dates', '113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
  ['retain-patient-characteristics', '113108', 'Retain Patient Characteristics Option'],
  ['retain-device-identity', '113109', 'Retain Device Identity Option'],
  ['retain-uids', '113110', 'Retain UIDs Option'],
  ['retain-safe-private', '113111', 'Retain Safe Private Option'],
  ['retain-institution-identity', '113112', 'Retain Institution Identity Option'],
]
const BASIC_PROFILE = ['113100', 'Basic Application Confidentiality Profile'] as const

/** Records the de-identification in the data set (PS3.15 §E.1.1, PS3.3 §C.7.1.1 and §C.12.1.1.7). */
export function markDeidentified(head: ElementList, profile: DeidProfile, pixelsAreClean: boolean): void {
  for (const [tag, bytes] of TRUTH(profile)(head.encoding)(pixelsAreClean)) head.setWritten(tag, bytes)
  if (pixelsAreClean && head.find(TAG.BurnedInAnnotation) !== undefined)
    head.set(TAG.BurnedInAnnotation, 'CS', ascii('NO'))
}

/** The elements to write: the same in all instances of a profile. */
const TRUTH = remembering(64, (profile: DeidProfile) =>
  remembering(8, (encoding: Encoding) =>
    remembering(2, (pixelsAreClean: boolean): [Tag, Buffer][] => {
      const list = new ElementList(encoding)
      list.set(TAG.PatientIdentityRemoved, 'CS', ascii('YES'))
      list.set(TAG.DeidentificationMethod, 'LO', ascii(methodText(profile)))
      setCodes(list, profile, pixelsAreClean)
      list.set(TAG.LongitudinalTemporalInformationModified, 'CS', ascii(temporalInformation(profile.options)))
      return list.elements.map((element) => [element.tag, Buffer.concat(element.write())])
    }),
  ),
)

function setCodes(list: ElementList, { options }: DeidProfile, pixelsAreClean: boolean): void {
  const codes = CODES.filter(
    ([option]) => options.has(option) && (option !== 'clean-pixel-data' || pixelsAreClean),
  )
  list.setSequence(
    TAG.DeidentificationMethodCodeSequence,
    [BASIC_PROFILE, ...codes.map(([, value, meaning]) => [value, meaning] as const)].map(
      ([value, meaning]) =>
        (item) => {
          item.set(TAG.CodeValue, 'SH', ascii(value))
          item.set(TAG.CodingSchemeDesignator, 'SH', ascii('DCM'))
          item.set(TAG.CodeMeaning, 'LO', ascii(meaning))
        },
    ),
  )
}

function methodText({ name, options }: DeidProfile): string {
  const text = `Ferry, ${TABLE_EDITION}, ${name}, ${options.size} options`
  return text
    .replaceAll('\\', '/')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, LO_LIMIT)
}

function temporalInformation(options: ReadonlySet<DeidOption>): string {
  if (options.has('retain-long-full-dates')) return 'UNMODIFIED'
  return options.has('retain-long-modified-dates') ? 'MODIFIED' : 'REMOVED'
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')
