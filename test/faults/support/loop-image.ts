import { execFile, execFileSync } from 'node:child_process'
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tempFolder } from '../../support/temp-folder.ts'
import { unmount } from './unmount.ts'

export type FileSystem = 'ext4' | 'xfs' | 'btrfs'

/** Sparse; XFS wants 300 MiB at least. */
const IMAGE_BYTES = 1024 ** 3

const MAKE: Record<FileSystem, readonly [string, ...string[]]> = {
  ext4: ['mkfs.ext4', '-q', '-F'],
  xfs: ['mkfs.xfs', '-q', '-f', '-m', 'reflink=1'],
  btrfs: ['mkfs.btrfs', '-q', '-f'],
}

/** A clone bears its original's UUID; XFS mounts a second one only when it is told not to mind. */
const MOUNT_OPTIONS: Record<FileSystem, string> = { ext4: 'loop', xfs: 'loop,nouuid', btrfs: 'loop' }

const run = promisify(execFile)

/** Says why file systems cannot be mounted from files here; undefined if they can. */
export function loopTrouble(fileSystems: readonly FileSystem[]): string | undefined {
  if (process.platform !== 'linux') return 'loop devices are of Linux'
  if (process.getuid?.() !== 0) return 'only root mounts loop devices'
  for (const fileSystem of fileSystems) {
    using folder = tempFolder()
    try {
      tryOut(fileSystem, folder.path)
    } catch {
      return `${fileSystem} cannot be made or mounted here`
    }
  }
  return undefined
}

/** A file system in a file, mounted: the disk of one machine. */
export class MountedImage implements AsyncDisposable {
  readonly image: string
  readonly folder: string
  readonly fileSystem: FileSystem
  #mounted = true

  private constructor(image: string, folder: string, fileSystem: FileSystem) {
    this.image = image
    this.folder = folder
    this.fileSystem = fileSystem
  }

  /** Makes `image`, with a new and empty file system, and mounts it. */
  static async make(
    image: string,
    folder: string,
    fileSystem: FileSystem,
    bytes = IMAGE_BYTES,
  ): Promise<MountedImage> {
    const handle = await open(image, 'wx')
    await handle.truncate(bytes)
    await handle.close()
    const [program, ...flags] = MAKE[fileSystem]
    await run(program, [...flags, image])
    return MountedImage.mount(image, folder, fileSystem)
  }

  /** Mounts an image, which replays its journal as after a power cut. */
  static async mount(image: string, folder: string, fileSystem: FileSystem): Promise<MountedImage> {
    await mkdir(folder, { recursive: true })
    await run('mount', ['-o', MOUNT_OPTIONS[fileSystem], image, folder])
    return new MountedImage(image, folder, fileSystem)
  }

  /**
   * The disk as loss of power at this moment would leave it: everything that has reached the loop device, nothing that is
   * only in memory. At one instant, since XFS lets no write into the image's file while it is being cloned. Further losses
   * of a disk with a lying cache are not simulated.
   */
  async cloneTo(image: string): Promise<void> {
    await copyFile(this.image, image, constants.COPYFILE_FICLONE_FORCE)
  }

  /** Writes out what is dirty, so that it disturbs no count. */
  async sync(): Promise<void> {
    await run('sync', ['--file-system', this.folder])
  }

  /** Flush requests that the file system has sent to its device so far (Linux, Documentation/block/stat.rst). */
  async flushRequests(): Promise<number> {
    const { stdout } = await run('findmnt', ['-n', '-o', 'SOURCE', '--mountpoint', this.folder])
    const device = stdout.trim().replace(/^\/dev\//, '')
    const fields = readFileSync(`/sys/block/${device}/stat`, 'utf8').trim().split(/\s+/)
    return Number(fields[15])
  }

  /** The loop device goes with its mount; the image stays. */
  async unmount(): Promise<void> {
    if (!this.#mounted) return
    this.#mounted = false
    await unmount(this.folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount()
    await unlink(this.image)
  }
}

function tryOut(fileSystem: FileSystem, folder: string): void {
  const [image, mountPoint] = [join(folder, 'image'), join(folder, 'mounted')]
  const descriptor = openSync(image, 'wx')
  ftruncateSync(descriptor, IMAGE_BYTES)
  closeSync(descriptor)
  mkdirSync(mountPoint)
  const [program, ...flags] = MAKE[fileSystem]
  execFileSync(program, [...flags, image], { stdio: 'ignore' })
  execFileSync('mount', ['-o', MOUNT_OPTIONS[fileSystem], image, mountPoint], { stdio: 'ignore' })
  execFileSync('umount', [mountPoint], { stdio: 'ignore' })
}
