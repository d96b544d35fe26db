import type { FolderSettings } from '../../../config/folder-settings.ts'
import { isWhole, type MediaKind, recognize } from '../../../media/recognize.ts'
import type { Clock } from '../../../platform/clock.ts'
import { systemCode } from '../../../platform/failure.ts'
import type { Device } from '../device-list.ts'
import { findFacts } from './find-facts.ts'
import type { PatientFacts } from './patient-facts.ts'
import { SourceChanged, SourceFile } from './source-file.ts'
import type { SweptFile } from './sweep.ts'
import { type TakeInstance, type Taken, takeDicomFile } from './take-file.ts'
import { takeMediaFile } from './take-media-file.ts'
import { type OrderSource, type Owner, type WaitingReason, whoseIsIt } from './whose-is-it.ts'

export type TakeOutcome =
  | Taken
  /** Nothing tells whose it is. */
  | { readonly kind: 'waiting'; readonly reason: WaitingReason }
  /** It is not whole: still written, or broken. The reason is for when it stays so. */
  | { readonly kind: 'unfinished'; readonly reason: 'FILE_INCOMPLETE' | 'FILE_UNKNOWN' }
  /** It ends in zeros, and has not been still for long: its end may not be written yet. */
  | { readonly kind: 'early' }
  /** It was written, replaced or locked meanwhile. */
  | { readonly kind: 'changed' }
  /** Its bytes are those that were taken before. */
  | { readonly kind: 'same' }

/** A person's word about one file: an order, or facts that need none. */
export type Assignment =
  | { readonly owner: Owner }
  | { readonly facts: PatientFacts; readonly withoutOrder: 'hold' | 'send' }

interface FileTakerOptions {
  readonly settings: FolderSettings
  readonly device: () => Device | undefined
  readonly calledAeTitle: string
  readonly take: TakeInstance
  /** The agent's secret for derived UIDs. */
  readonly uidSecret: Buffer
  /** The fingerprint of the agent's key. */
  readonly agentId: string
  /** Undefined if no source of orders is configured. */
  readonly orders: OrderSource | undefined
  readonly clock: Clock
}

/** Facts about a file that are known from earlier sweeps. */
interface FileHistory {
  /** The digest of the version that was taken last. */
  readonly before?: string | null | undefined
  readonly assignment: Assignment | undefined
  /** True if it has not changed for so long that nothing writes it any more. */
  readonly isOld: boolean
  /** True if it has not changed for a minute. */
  readonly isRested: boolean
}

/** Modalities of orders by which files of a folder may be found; other kinds tell none. */
const MODALITY = {
  endoscopic: 'ES',
  photographic: undefined,
  secondary: undefined,
  document: undefined,
} as const
/** Kinds whose last bytes are pixels or the like: nothing marks their end. */
const WITHOUT_END: ReadonlySet<MediaKind> = new Set(['dicom', 'bmp', 'tiff', 'stl'])
const IN_USE: ReadonlySet<string> = new Set(['EBUSY', 'ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'])

/** Opens one file of a folder, finds out what it is and whose, and takes it. */
export class FileTaker {
  readonly #options: FileTakerOptions

  constructor(options: FileTakerOptions) {
    this.#options = options
  }

  /**
   * Takes a file whose size and times no longer change. Rejects with errors of the file system other than those of a file
   * that is in use.
   */
  async take(root: Buffer, file: SweptFile, { before, ...history }: FileHistory): Promise<TakeOutcome> {
    try {
      await using source = await SourceFile.open(root, file)
      if (before && (await source.digest()) === before) return { kind: 'same' }
      return await this.#takeOpen(root, file, source, history)
    } catch (error) {
      const code = systemCode(error) ?? ''
      if (error instanceof SourceChanged || IN_USE.has(code)) return { kind: 'changed' }
      if (code === 'EACCES' || code === 'EPERM') return { kind: 'held', reason: 'FILE_UNREADABLE' }
      throw error
    }
  }

  /** Decides whose a file is without reading it. */
  async ownerOf(root: Buffer, file: SweptFile, assignment?: Assignment): Promise<Owner | WaitingReason> {
    if (assignment !== undefined && 'owner' in assignment) return assignment.owner
    const { settings, orders, clock } = this.#options
    const found = assignment?.facts ?? (await findFacts(root, file, settings, clock.now()))
    if (typeof found === 'string') return found
    const modality = MODALITY[settings.as]
    const isNamed = (found.accessionNumber ?? found.patientId) !== undefined
    const isNamedElsewhere = settings.names !== undefined || settings.sidecar !== undefined
    const asked = {
      facts: found,
      stationAeTitle: this.#options.device()?.aeTitle ?? '',
      // Device and time are too little if other files of this folder are named by paths or sidecars.
      ...((isNamed || !isNamedElsewhere) && { at: Number(file.stats.mtimeMs) }),
      withoutOrder: assignment?.withoutOrder ?? settings.withoutOrder,
      ...(modality !== undefined && { modality }),
    }
    return whoseIsIt(asked, orders)
  }

  async #takeOpen(
    root: Buffer,
    file: SweptFile,
    source: SourceFile,
    { assignment, isOld, isRested }: Omit<FileHistory, 'before'>,
  ): Promise<TakeOutcome> {
    const { take, calledAeTitle } = this.#options
    const device = this.#options.device()
    if (device === undefined) return { kind: 'held', reason: 'DEVICE_UNLISTED' }
    const kind = await recognize(source)
    if (kind === undefined) return { kind: 'unfinished', reason: 'FILE_UNKNOWN' }
    if (!isRested && WITHOUT_END.has(kind) && (await source.endsInZeros())) return { kind: 'early' }
    if ((await isWhole(source, kind)) !== true) return { kind: 'unfinished', reason: 'FILE_INCOMPLETE' }
    if (!isOld && (await source.mayHaveGaps())) return { kind: 'unfinished', reason: 'FILE_INCOMPLETE' }
    await source.checkUnchanged()
    if (kind === 'dicom') return await takeDicomFile(source, { take, device, calledAeTitle })
    if (kind === 'zip') return { kind: 'held', reason: 'FILE_ZIP' }
    const owner = await this.ownerOf(root, file, assignment)
    if (typeof owner === 'string') return { kind: 'waiting', reason: owner }
    const { settings, uidSecret, agentId } = this.#options
    const modifiedAt = Number(file.stats.mtimeMs)
    const facts = { owner, settings, uidSecret, agentId, modifiedAt }
    return await takeMediaFile(source, kind, facts, { take, device, calledAeTitle })
  }
}
