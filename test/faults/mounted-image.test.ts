import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { until } from '../support/clocks/until.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { loopTrouble, MountedImage } from './support/loop-image.ts'

const trouble = loopTrouble(['ext4', 'xfs'])
const group = trouble === undefined ? describe : describe.skip
const OUTER_BYTES = 2 * 1024 ** 3

group(trouble === undefined ? 'a disk of a test' : `a disk of a test (not tried: ${trouble})`, () => {
  test('it is unmounted, and the disk that holds it, although another process has copied both mounts', async () => {
    await using stack = new AsyncDisposableStack()
    const place = stack.use(tempFolder())
    const [outerFolder, innerFolder] = [place.join('outer'), place.join('a')]
    const outer = await MountedImage.make(place.join('outer.image'), outerFolder, 'xfs', OUTER_BYTES)
    const inner = await MountedImage.make(place.join('outer', 'a.image'), innerFolder, 'ext4')
    // As a sandbox does it: the mounts of this moment, in a namespace of its own.
    const stranger = spawn('unshare', ['--mount', 'sleep', '60'], { stdio: 'ignore' })
    stack.defer(() => void stranger.kill())
    const ofStranger = (name: string): string => readFileSync(`/proc/${stranger.pid}/${name}`, 'utf8')
    // unshare has become the command that it runs.
    await until(
      () => ofStranger('comm'),
      (name) => name === 'sleep\n',
    )
    expect(ofStranger('mountinfo')).toContain(innerFolder)
    await inner[Symbol.asyncDispose]()
    await outer[Symbol.asyncDispose]()
    expect(ofStranger('mountinfo')).not.toContain(place.path)
  }, 180_000)
})
