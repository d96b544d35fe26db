import type { ListedStudy, UnconfirmedStudy } from '../../protocol/agent-views-api.ts'
import type { AgentStatus, DeliveryView, DeviceView, StudyDetail } from '../../protocol/control-api.ts'
import type { FoldersView } from '../../protocol/folder-api.ts'
import type { OrdersView } from '../../protocol/orders-api.ts'

// The answers of the page's server to its script. They hold the objects that `ferry … --json` prints, and beside each its
// texts in the chosen language. Both sides are of one build, so nothing is parsed.

interface PageFinding {
  readonly level: string
  readonly code: string
  readonly what: string
  readonly advice: readonly { readonly label: string; readonly text: string }[]
}

export interface PageOverview {
  readonly level: 'act' | 'decide' | 'coping' | 'well'
  readonly headline: string
  readonly version: string
  readonly findings: readonly PageFinding[]
  readonly status: AgentStatus
  /** Addresses at which devices reach this machine. */
  readonly addresses: readonly string[]
  /** Fingerprint of the agent, in groups of digits. */
  readonly fingerprint: string
  /** This browser may act, and see more than the overview. */
  readonly mayAct: boolean
  /** The page of the first set-up exists. */
  readonly hasSetup: boolean
}

interface StudyTexts {
  /** The study's UID, or in words how it is filed. */
  readonly name: string
  readonly patient: string
  readonly patientId: string
  readonly accession: string
  readonly modality: string
  readonly pacs: string
  readonly reason: string
}

export type PageStudy = ListedStudy & { readonly texts: StudyTexts }

export interface PageStudies {
  readonly displayNames: string
  /** Why no names are shown; empty if they are. */
  readonly noNames: string
  readonly studies: readonly PageStudy[]
  readonly next: string | null
  readonly searchedTo: number | null
}

/** Instances of one study in one state, for one reason. */
export interface PageDeliveries {
  readonly state: DeliveryView['state']
  readonly reason: string
  readonly instances: number
  readonly bytes: number
}

export type PageStudyDetail = Omit<StudyDetail, 'study' | 'deliveries' | 'findings'> & {
  readonly study: StudyDetail['study'] & { readonly texts: StudyTexts }
  readonly deliveries: readonly PageDeliveries[]
  readonly findings: readonly { readonly text: string; readonly instances: number }[]
}

export interface PageQueue {
  readonly studies: readonly (UnconfirmedStudy & {
    readonly texts: Pick<StudyTexts, 'name' | 'patient' | 'reason'>
  })[]
  readonly next: string | null
}

export interface PageDevices {
  readonly devices: readonly (DeviceView & {
    readonly texts: { readonly problem: string; readonly todo: string }
    /** C-ECHO can be sent to it: its address is in the configuration. */
    readonly hasAddress: boolean
  })[]
}

interface PageHeld {
  readonly ulid: string
  readonly studyInstanceUid: string
  readonly callingAeTitle: string
  readonly sealedBytes: number
  readonly arrivedAt: number
  readonly reasonCode: string | null
  readonly texts: { readonly patient: string; readonly reason: string; readonly findings: readonly string[] }
}

export interface PageHeldList {
  /** Number of all that are held. */
  readonly held: number
  /** Held by a check: a person may release them. */
  readonly byCheck: readonly PageHeld[]
  /** Held for another reason: they are tried again when that is put right. */
  readonly others: readonly PageHeld[]
}

export interface PageOrders extends Omit<OrdersView, 'sources' | 'orders'> {
  readonly sources: readonly (OrdersView['sources'][number] & { readonly text: string })[]
  readonly orders: readonly (OrdersView['orders'][number] & {
    readonly texts: Pick<StudyTexts, 'patient' | 'patientId' | 'accession' | 'modality'>
  })[]
  readonly folders: readonly (FoldersView['folders'][number] & { readonly text: string })[]
  /** Paths are left out, since a file's name may be a patient's, until a person has said why they are to be shown. */
  readonly files: readonly (FoldersView['files'][number] & { readonly text: string })[]
}

export interface PageLog {
  readonly lines: readonly { readonly at: number; readonly level: string; readonly text: string }[]
}

/** Full names of one study. */
export interface PageNames {
  readonly texts: readonly (readonly [title: string, value: string])[]
}
