import { isUid } from '../../../dicom/vocabulary/uid.ts'
import type { Hl7Message } from '../../../hl7/hl7-message.ts'
import { known } from '../known-values.ts'
import type { Order, Patient } from '../order.ts'
import { readTime } from '../records/read-moment.ts'
import { referringPhysician } from './hl7-patient.ts'
import type { OrderGroup } from './message-groups.ts'

/** ORC-1 (table 0119) and ORC-5 (table 0038): the order is not carried out. */
const CANCELLED = new Set(['CA', 'OC', 'DC', 'OD', 'CR', 'DE'])
/** OBX-3 of a Study Instance UID (DCM 110180). */
const STUDY_UID_CODE = '110180'
const MODALITY = /^[A-Z][A-Z0-9]{1,15}$/

/** The orders of one group, one for each scheduled step, and whether they are cancelled. */
export function ordersOfGroup(
  source: string,
  message: Hl7Message,
  patient: Patient,
  group: OrderGroup,
): { orders: Order[]; head: string; isCancelled: boolean } {
  const { orc, obr } = group
  const head = keyHead(group)
  const steps = group.ipc.length === 0 ? [undefined] : group.ipc
  const isCancelled = CANCELLED.has(orc?.value(1) ?? '') || CANCELLED.has(orc?.value(5) ?? '')
  const visit = message.first('PV1')
  const orders = steps.map((ipc): Order => {
    const modality = (ipc?.value(5) || (obr?.value(24) ?? '')).toUpperCase()
    return {
      source,
      key: `${head}/${ipc?.value(4) || (obr?.value(20) ?? '')}`,
      patient,
      ...known({
        accessionNumber: accessionOf(group),
        studyInstanceUid: studyUidOf(group, ipc),
        requestedProcedureId: obr?.value(19) || ipc?.value(2),
        // OBR-4 has two triplets: the second is the sender's own text.
        description: obr?.value(44, 2) || obr?.value(4, 2) || obr?.value(4, 5),
        modality: MODALITY.test(modality) ? modality : undefined,
        stationAeTitle: ipc?.value(9),
        scheduledAt: timeOf(group),
        referringPhysician: referringPhysician(visit, 8) || referringPhysician(obr, 16),
      }),
    }
  })
  return { orders, head, isCancelled }
}

/** OBR-18, then IPC-1. */
export function accessionOf({ obr, ipc }: OrderGroup): string {
  return (obr?.value(18) || (ipc[0]?.value(1) ?? '')).trim()
}

/** IPC-3, then ZDS-1, then an OBX with code 110180; undefined if none of them is a UID. */
export function studyUidOf({ ipc, zds, obx }: OrderGroup, step = ipc[0]): string | undefined {
  const observed = obx.find((one) => one.value(3) === STUDY_UID_CODE)
  const texts = [step?.value(3), zds?.value(1), observed?.value(5)]
  return texts.map((text) => text?.trim() ?? '').find((text) => text !== '' && isUid(text))
}

/** The placer's number of the order, else the filler's, else the accession number: the same in a cancellation. */
function keyHead(group: OrderGroup): string {
  const { orc, obr } = group
  return orc?.value(2) || obr?.value(2) || orc?.value(3) || obr?.value(3) || accessionOf(group)
}

/** TQ1-7, OBR-36, ORC-7.4, OBR-27.4; a time that is not readable is left out. */
function timeOf({ orc, obr, tq1 }: OrderGroup): string | undefined {
  const texts = [tq1?.value(7), obr?.value(36), orc?.value(7, 4), obr?.value(27, 4)]
  return texts.map((text) => readTime(text ?? '')).find((time) => (time ?? '') !== '')
}
