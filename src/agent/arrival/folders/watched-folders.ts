import { join } from 'node:path'
import type { FolderSettings } from '../../../config/folder-settings.ts'
import type { Clock } from '../../../platform/clock.ts'
import { Failure, failureFrom } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import type { AssignRequest } from '../../../protocol/control-service.ts'
import type { FolderStatus, FoldersView } from '../../../protocol/folder-api.ts'
import type { Alarms } from '../../queue/alarms.ts'
import type { FolderLedger } from '../../queue/folder-ledger.ts'
import type { DeviceList } from '../device-list.ts'
import { assignmentFrom } from './assignment.ts'
import { FileTaker } from './file-taker.ts'
import { clearOtherFolders } from './folder-alarms.ts'
import type { TakeInstance } from './take-file.ts'
import { openUidSecret } from './uid-secret.ts'
import { WatchedFolder } from './watched-folder.ts'
import type { ListedOrders } from './whose-is-it.ts'

interface WatchedFoldersOptions {
  readonly folders: readonly FolderSettings[]
  readonly dataFolder: string
  readonly devices: DeviceList
  readonly calledAeTitle: string
  readonly take: TakeInstance
  /** The fingerprint of the agent's key. */
  readonly agentId: string
  /** Undefined if no source of orders is configured. */
  readonly orders: ListedOrders | undefined
  readonly paused: () => string | undefined
  readonly ledger: FolderLedger
  readonly alarms: Alarms
  readonly clock: Clock
  readonly log: Log
}

const BEGIN_AGAIN_MS = 5000

/** All watched folders of the agent, from {@link open} to their disposal. */
export class WatchedFolders implements AsyncDisposable {
  readonly #options: WatchedFoldersOptions
  readonly #folders: readonly WatchedFolder[]
  readonly #stop = new AbortController()
  readonly #loops: Promise<unknown>

  private constructor(options: WatchedFoldersOptions, secret: Buffer) {
    this.#options = options
    this.#folders = options.folders.map((settings) => newFolder(settings, secret, options))
    this.#loops = Promise.all(this.#folders.map((folder) => this.#keep(folder)))
  }

  /** Opens the secret of the agent and begins to sweep. Throws KEY_FILE_INVALID and STORAGE_ERROR. */
  static async open(options: WatchedFoldersOptions): Promise<WatchedFolders> {
    const secret = await openUidSecret(join(options.dataFolder, 'keys'))
    clearOtherFolders(
      options.alarms,
      options.folders.map(({ name }) => name),
    )
    return new WatchedFolders(options, secret)
  }

  status(): FolderStatus[] {
    const { ledger, paused } = this.#options
    return this.#folders.map(({ settings, state }) => ({
      name: settings.name,
      path: settings.path,
      trouble: state.trouble ?? null,
      troubleSince: state.since ?? null,
      paused: paused() ?? null,
      woken: state.woken,
      watcherTrouble: state.watcherTrouble ?? null,
      moving: state.moving,
      takenSinceStart: state.takenSinceStart,
      ...ledger.counts(settings.name),
      lastSweepAt: state.lastSweepAt ?? null,
    }))
  }

  /** The folders, and at most `limit` files of each that wait or are held. */
  view(limit: number): FoldersView {
    const { ledger } = this.#options
    const files = this.#folders.flatMap((folder) =>
      ledger.open(folder.settings.name, limit).map(({ ulid, state, reason, bytes, since }) => ({
        file: ulid,
        folder: folder.settings.name,
        path: folder.shownPath(ulid) ?? null,
        state: state === 'held' ? ('held' as const) : ('waiting' as const),
        reason: reason ?? '',
        bytes,
        since,
      })),
    )
    return { folders: this.status(), files }
  }

  /** Takes a file, because a person says whose it is. Throws NOT_HELD, or what the assignment throws. */
  async assign(request: AssignRequest): Promise<void> {
    const row = this.#options.ledger.byUlid(request.file)
    const folder = this.#folders.find(({ settings }) => settings.name === row?.folder)
    if (row === undefined || folder === undefined || row.state === 'taken')
      throw new Failure('NOT_HELD', `assigning a file: no file ${request.file} waits`)
    await folder.assign(row, assignmentFrom(request, this.#options.orders))
  }

  /** Tries held files again, at once. */
  retry(): void {
    for (const folder of this.#folders) folder.retry()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent is stopping'))
    await this.#loops
  }

  /** A folder whose work fails (a full disk under the index) begins again. */
  async #keep(folder: WatchedFolder): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await folder.run(signal)
      } catch (error) {
        const { code, message } = failureFrom(error, 'INTERNAL', 'watching a folder')
        log.error('watched folder broke off and begins again', {
          folder: folder.settings.name,
          code,
          reason: message,
        })
        await clock.sleep(BEGIN_AGAIN_MS, signal).catch(() => {})
      }
    }
  }
}

function newFolder(settings: FolderSettings, secret: Buffer, options: WatchedFoldersOptions): WatchedFolder {
  const { dataFolder, devices, calledAeTitle, take, orders, paused, ledger, alarms, clock, log } = options
  const device = (): ReturnType<DeviceList['find']> =>
    devices.devices.find(({ name, aeTitle }) => name === settings.device || aeTitle === settings.device)
  const { agentId } = options
  const means = { device, calledAeTitle, take, orders, uidSecret: secret, agentId, clock }
  const taker = new FileTaker({ settings, ...means })
  return new WatchedFolder({ settings, dataFolder, secret, ledger, alarms, taker, paused, clock, log })
}
