import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { tempFolder } from '../support/temp-folder.ts'

const UNITS = join(import.meta.dirname, '../../installers/systemd')
/** The folders of systemd's own units: with a merged /usr and without. */
const SYSTEM_UNITS = '/lib/systemd/system'
/** In tenths, as `--threshold` takes it. */
const EXPOSURE_TENTHS = 13

const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined
const analyze = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['--no-pager', ...args], {
    encoding: 'utf8',
  })
  return { status, text: `${stdout}${stderr}` }
}

/** A root with systemd's targets and a program in /usr/bin, in which a unit can be verified before Ferry is installed. */
function rootWith(folder: ReturnType<typeof tempFolder>, program: string, unit: string): string {
  const root = folder.join(program)
  const units = join(root, 'etc/systemd/system')
  for (const made of [units, join(root, 'usr/bin')]) mkdirSync(made, { recursive: true })
  cpSync(SYSTEM_UNITS, join(root, 'usr/lib/systemd/system'), { recursive: true, verbatimSymlinks: true })
  writeFileSync(join(root, 'usr/bin', program), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(units, `${program}.service`), unit)
  return root
}

const verify = (root: string, program: string) =>
  analyze('verify', '--man=no', `--root=${root}`, `${program}.service`)

const score = (path: string) => analyze('security', '--offline=true', `--threshold=${EXPOSURE_TENTHS}`, path)

;(hasSystemd ? describe : describe.skip)(
  hasSystemd ? 'systemd units' : 'systemd-analyze, which is not here',
  () => {
    test.each(['ferry', 'ferry-center'])('systemd knows every setting of %s.service', (program) => {
      using folder = tempFolder()
      const unit = readFileSync(join(UNITS, `${program}.service`), 'utf8')
      expect(verify(rootWith(folder, program, unit), program)).toEqual({ status: 0, text: '' })
      // Negative control: a misspelled setting is found.
      using other = tempFolder()
      const wrong = unit.replace('ProtectHome=yes', 'ProtectHomes=yes')
      expect(verify(rootWith(other, program, wrong), program).text).toContain('ProtectHomes')
    })

    test.each(['ferry', 'ferry-center'])('the exposure of %s.service is 1.3 at most', (program) => {
      const path = join(UNITS, `${program}.service`)
      expect(score(path)).toMatchObject({
        status: 0,
        text: expect.stringContaining('Overall exposure level'),
      })
      // Negative control: without one of its protections the unit is over the limit.
      using folder = tempFolder()
      const weaker = folder.join(`${program}.service`)
      writeFileSync(weaker, readFileSync(path, 'utf8').replace('PrivateUsers=yes\n', ''))
      expect(score(weaker).status).not.toBe(0)
    })
  },
)

test.each(['ferry', 'ferry-center'])('%s.service keeps images out of core dumps and swap', (program) => {
  const lines = readFileSync(join(UNITS, `${program}.service`), 'utf8').split('\n')
  expect(lines).toEqual(expect.arrayContaining(['LimitCORE=0', 'MemorySwapMax=0', 'UMask=0077']))
})
