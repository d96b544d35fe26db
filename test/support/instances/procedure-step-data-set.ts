import { IMPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { tagNamed } from './tag-named.ts'

export interface AnnouncedStep {
  /** Performed Procedure Step Status; left out = not in the data set. */
  readonly status?: string
  readonly modality?: string
  readonly studyInstanceUids?: readonly string[]
  readonly series?: readonly {
    readonly seriesInstanceUid: string
    readonly images?: readonly string[]
    /** Objects that are not images, such as reports. */
    readonly others?: readonly string[]
  }[]
}

const { element, item } = writer(IMPLICIT_LITTLE)

const padded = (value: string, padding: string): string => (value.length % 2 === 0 ? value : value + padding)
const uid = (keyword: string, value: string): Buffer => element(tagNamed(keyword), 'UI', padded(value, '\0'))
const code = (keyword: string, value: string): Buffer => element(tagNamed(keyword), 'CS', padded(value, ' '))
const sequence = (keyword: string, items: readonly Buffer[]): Buffer =>
  element(tagNamed(keyword), 'SQ', Buffer.concat(items.map((one) => item(one))))

/** The Attribute List of N-CREATE or N-SET (PS3.4 Table F.7.2-1), as far as given; Implicit VR Little Endian. */
export function procedureStepDataSet({ status, modality, studyInstanceUids, series }: AnnouncedStep): Buffer {
  const references = (keyword: string, uids: readonly string[]): Buffer =>
    sequence(
      keyword,
      uids.map((one) => uid('ReferencedSOPInstanceUID', one)),
    )
  return Buffer.concat([
    ...(modality === undefined ? [] : [code('Modality', modality)]),
    ...(status === undefined ? [] : [code('PerformedProcedureStepStatus', status)]),
    ...(studyInstanceUids === undefined
      ? []
      : [
          sequence(
            'ScheduledStepAttributesSequence',
            studyInstanceUids.map((one) => uid('StudyInstanceUID', one)),
          ),
        ]),
    ...(series === undefined
      ? []
      : [
          sequence(
            'PerformedSeriesSequence',
            series.map(({ seriesInstanceUid, images = [], others = [] }) =>
              Buffer.concat([
                references('ReferencedImageSequence', images),
                uid('SeriesInstanceUID', seriesInstanceUid),
                references('ReferencedNonImageCompositeSOPInstanceSequence', others),
              ]),
            ),
          ),
        ]),
  ])
}
