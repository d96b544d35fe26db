import type { Hl7Message } from '../../../hl7/hl7-message.ts'

type Segment = Hl7Message['header']

/** The segments of one order in a message; ORC may be shared, and each may be absent. */
export interface OrderGroup {
  readonly orc: Segment | undefined
  readonly obr: Segment | undefined
  readonly tq1: Segment | undefined
  readonly zds: Segment | undefined
  /** One for each scheduled step. */
  readonly ipc: readonly Segment[]
  readonly obx: readonly Segment[]
}

interface OpenGroup {
  orc: Segment | undefined
  obr: Segment | undefined
  tq1: Segment | undefined
  zds: Segment | undefined
  ipc: Segment[]
  obx: Segment[]
}

/** Groups the segments of ORM^O01, OMI^O23, OMG^O19 and ORU^R01: ORC begins an order, and so does each further OBR. */
export function groupsOf(message: Hl7Message): OrderGroup[] {
  const groups: OpenGroup[] = []
  const begin = (orc: Segment | undefined): OpenGroup => {
    const group = { orc, obr: undefined, tq1: undefined, zds: undefined, ipc: [], obx: [] }
    groups.push(group)
    return group
  }
  for (const segment of message.segments) {
    const last = groups.at(-1)
    if (segment.name === 'ORC') begin(segment)
    else if (segment.name === 'OBR') {
      const group = last === undefined || last.obr !== undefined ? begin(last?.orc) : last
      group.obr = segment
    } else if (last === undefined) continue
    else if (segment.name === 'TQ1') last.tq1 ??= segment
    else if (segment.name === 'ZDS') last.zds ??= segment
    else if (segment.name === 'IPC') last.ipc.push(segment)
    else if (segment.name === 'OBX') last.obx.push(segment)
  }
  return groups
}
