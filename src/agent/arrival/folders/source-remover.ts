import { lstat } from 'node:fs/promises'
import type { FolderSettings } from '../../../config/folder-settings.ts'
import { describe, systemCode } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import type { FolderFileRow, FolderLedger } from '../../queue/folder-ledger.ts'
import { asideUlid, deleteSource, endDeletion, moveSource, type Source } from './settle-source.ts'
import { below, type SweptFile } from './sweep.ts'

interface SourceRemoverOptions {
  readonly settings: FolderSettings
  readonly ledger: FolderLedger
  readonly log: Log
}

/** Moves or deletes the sources of files that were taken, once that is allowed, and never before. */
export class SourceRemover {
  readonly #options: SourceRemoverOptions
  #root: Buffer = Buffer.alloc(0)
  /** The folder of moved files, if it is below the root. */
  #target: Buffer | undefined
  #trouble: string | undefined

  constructor(options: SourceRemoverOptions) {
    this.#options = options
  }

  /** Why sources could be neither moved nor deleted in this sweep; no name is in it. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  begin(root: Buffer): void {
    const { path, moveTo } = this.#options.settings
    this.#root = root
    this.#trouble = undefined
    const isBelow = moveTo?.startsWith(`${path}/`) === true
    this.#target = isBelow ? Buffer.from(moveTo.slice(path.length + 1)) : undefined
  }

  /** True for the folder of moved files. */
  isTarget(path: Buffer): boolean {
    return this.#target?.equals(path) === true
  }

  /** Called for each file that the ledger has as taken, in each sweep. */
  async settle(file: SweptFile, { ulid }: FolderFileRow): Promise<void> {
    const { settings, ledger, log } = this.#options
    const { afterwards, when, moveTo, network: isNetwork } = settings
    if (afterwards === 'keep' || (when === 'confirmed' && !ledger.isConfirmed(ulid))) return
    const source = { root: this.#root, file, ulid, isNetwork }
    try {
      const isGone =
        afterwards === 'delete' ? await deleteSource(source) : await moveSource(source, moveTo ?? '')
      if (!isGone) return
      await this.#settleSidecar(source)
      ledger.forget([ulid])
      log.info(afterwards === 'delete' ? 'source deleted' : 'source moved', {
        folder: settings.name,
        file: ulid,
      })
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return
      this.#failed(error)
    }
  }

  /** `a.jpg.json` belongs to `a.jpg` alone. `a.json` may belong to several files, and stays. */
  async #settleSidecar({ file, ...source }: Source): Promise<void> {
    const { sidecar, afterwards, moveTo } = this.#options.settings
    if (sidecar === undefined) return
    const path = Buffer.concat([file.path, Buffer.from(`.${sidecar}`)])
    const stats = await lstat(below(source.root, path), { bigint: true }).catch(() => undefined)
    if (stats?.isFile() !== true) return
    const beside = { ...source, file: { path, stats } }
    if (afterwards === 'delete') await deleteSource(beside)
    else await moveSource(beside, moveTo ?? '')
  }

  /** Ends the deletion that a crash has interrupted. */
  async endDeletion(file: SweptFile): Promise<void> {
    const { settings, ledger } = this.#options
    const row = ledger.byUlid(asideUlid(file.path) ?? '')
    const look = row?.state === 'taken' ? row.look : undefined
    try {
      await endDeletion({ root: this.#root, file, isNetwork: settings.network }, look)
      if (row !== undefined) ledger.forget([row.ulid])
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    const { afterwards, moveTo } = this.#options.settings
    const code = systemCode(error) ?? describe(error)
    const attempted = afterwards === 'move' ? `moving taken files to ${moveTo ?? ''}` : 'deleting taken files'
    this.#trouble ??= `${attempted}: ${code}`
  }
}
