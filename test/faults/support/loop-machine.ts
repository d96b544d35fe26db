import { join } from 'node:path'
import type { RunningProgram } from '../../support/programs/child-process.ts'
import { type FileSystem, MountedImage } from './loop-image.ts'

/** Within its disk. */
export const DATA_FOLDER = 'data'

/** Starts the machine's program; `port` is 0 the first time, then the one that it had. */
export type StartProgram = (port: number) => Promise<RunningProgram>

/** A machine of one program, whose disk is a loop image in `outer`, a folder on a file system that can clone. */
export class LoopMachine implements AsyncDisposable {
  readonly dataFolder: string
  readonly #outer: string
  readonly #name: string
  #disk: MountedImage
  #program: RunningProgram | undefined
  #clones = 0

  private constructor(disk: MountedImage, outer: string, name: string) {
    this.#disk = disk
    this.dataFolder = join(disk.folder, DATA_FOLDER)
    this.#outer = outer
    this.#name = name
  }

  static async make(
    outer: string,
    mountPoint: string,
    name: string,
    fileSystem: FileSystem,
  ): Promise<LoopMachine> {
    const disk = await MountedImage.make(join(outer, `${name}.image`), mountPoint, fileSystem)
    return new LoopMachine(disk, outer, name)
  }

  get port(): number {
    return this.#program?.port ?? 0
  }

  async start(start: StartProgram): Promise<void> {
    this.#program = await start(this.port)
  }

  /** The disk as loss of power would leave it now; the machine itself goes on and notices nothing. */
  async cloneDisk(): Promise<() => Promise<MountedImage>> {
    const { folder, fileSystem } = this.#disk
    const image = this.#nextClone()
    await this.#disk.cloneTo(image)
    return () => MountedImage.mount(image, `${folder}-cut`, fileSystem)
  }

  /** Power is cut and comes back: the program starts again on what had reached the disk. */
  async loseAndRegainPower(start: StartProgram): Promise<void> {
    await this.#program?.kill()
    const { folder, fileSystem } = this.#disk
    const image = this.#nextClone()
    await this.#disk.cloneTo(image)
    await this.#disk[Symbol.asyncDispose]()
    this.#disk = await MountedImage.mount(image, folder, fileSystem)
    await this.start(start)
  }

  /** Its clones are whoever's that mounted them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.kill()
    await this.#disk[Symbol.asyncDispose]()
  }

  #nextClone(): string {
    this.#clones++
    return join(this.#outer, `${this.#name}-cut-${this.#clones}.image`)
  }
}
