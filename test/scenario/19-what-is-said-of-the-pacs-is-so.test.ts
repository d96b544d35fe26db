import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { describeWithOrthanc } from '../support/peers/describe-with-orthanc.ts'
import { Orthanc } from '../support/peers/orthanc.ts'
import { PacsDoor } from '../support/peers/pacs-door.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { runCommand } from '../support/programs/run-command.ts'

/** A minute is over in a second. */
const SPEED = 60

describeWithOrthanc('with Orthanc behind the center', () => {
  test('a PACS that is set late gets what was stored before, and center and clinic say at each step what it holds', async () => {
    await using orthanc = await Orthanc.start()
    await using site = await Site.open(orthanc, { isPacsSet: false })
    const study = newUid()
    await site.send(study, 3)
    expect(await site.truth(study)).toEqual({
      orthanc: 0,
      center: 'not for a PACS',
      clinic: 'not for a PACS',
      receipt: { none: 3 },
    })

    await site.setPacs()
    await until(
      () => orthanc.files(),
      (files) => files.length === 3,
    )
    await site.learned(study, 'accepted')
    await site.send(study, 2)
    await site.learned(study, 'accepted')
    expect(await site.truth(study)).toEqual({
      orthanc: 5,
      center: expect.stringMatching(/^accepted .*\d/),
      clinic: expect.stringMatching(/^accepted .*\d/),
      receipt: { accepted: 5 },
    })
  })

  test.each([
    ['away', /./, 'PACS_UNREACHABLE', 0],
    [
      'redirect',
      /answered 307 and redirects to https:\/\/pacs\.example\/dicom-web\/studies$/,
      'PACS_ADDRESS',
      13,
    ],
    ['unauthorized', /answered 401/, 'PACS_DENIES_US', 13],
    ['page', /answered 200 with a web page/, 'PACS_ADDRESS', 13],
  ] as const)(
    'nothing counts as accepted or refused while the proxy before the PACS is %s; a retry makes it go at once',
    async (mode, reason, code, exitCode) => {
      await using orthanc = await Orthanc.start()
      await using site = await Site.open(orthanc)
      site.door.mode = mode
      const study = newUid()
      await site.send(study, 2)
      const waiting = await until(
        () => site.centerRow(study),
        (row) => reason.test(row.pacsReason ?? ''),
      )
      expect(waiting).toMatchObject({ pacsWaiting: 2, pacsRefused: 0, pacsAccepted: 0 })
      expect(await site.truth(study)).toEqual({
        orthanc: 0,
        center: 'waiting 2',
        clinic: 'waiting',
        receipt: { waiting: 2 },
      })
      const status = await site.center('status', '--json')
      expect(status.exitCode).toBe(exitCode)
      const { findings } = JSON.parse(status.out)
      expect(findings.map((finding: { code: string }) => finding.code)).toContain(code)

      site.door.mode = 'open'
      expect((await site.center('retry')).out).toContain(
        'Instances that wait for the PACS: 2. The next attempt starts now',
      )
      await until(
        () => orthanc.files(),
        (files) => files.length === 2,
      )
      await site.learned(study, 'accepted')
      expect(await site.truth(study)).toMatchObject({ orthanc: 2, receipt: { accepted: 2 } })
      expect((await site.center('status')).exitCode).toBe(0)
    },
  )

  test('center and clinic say of a PACS that was emptied later only when it had accepted a study', async () => {
    await using orthanc = await Orthanc.start()
    await using site = await Site.open(orthanc)
    const study = newUid()
    await site.send(study, 2)
    await site.learned(study, 'accepted')
    for (const id of (await orthanc.get('/studies')) as string[])
      await fetch(`${orthanc.url}/studies/${id}`, { method: 'DELETE' })
    const { orthanc: held, center, clinic } = await site.truth(study)
    expect([held, center, clinic]).toEqual([
      0,
      expect.stringMatching(/^accepted .*\d/),
      expect.stringMatching(/^accepted .*\d/),
    ])
  })
})

/** A clinic, a center and the door of its PACS, and both command lines. */
class Site implements AsyncDisposable {
  readonly clinic: Clinic
  readonly door: PacsDoor
  readonly #orthanc: Orthanc

  private constructor(clinic: Clinic, door: PacsDoor, orthanc: Orthanc) {
    this.clinic = clinic
    this.door = door
    this.#orthanc = orthanc
  }

  static async open(orthanc: Orthanc, { isPacsSet = true } = {}): Promise<Site> {
    const door = await PacsDoor.start(orthanc.httpPort)
    const pacs = { url: door.dicomWebUrl, timeoutMs: 3_600_000 }
    const clinic = await openClinic({ clock: new FastClock(SPEED), ...(isPacsSet && { pacs }) })
    writeFileSync(`${clinic.folder}/ferry.yaml`, 'dataFolder: agent\n')
    writeFileSync(
      `${clinic.folder}/center.yaml`,
      `name: Test\npublicUrl: https://127.0.0.1:8443\ndataFolder: center\npacs:\n  url: ${door.dicomWebUrl}\n`,
    )
    return new Site(clinic, door, orthanc)
  }

  async setPacs(): Promise<void> {
    await this.clinic.stopCenter()
    await this.clinic.startCenter({ url: this.door.dicomWebUrl, timeoutMs: 3_600_000 })
  }

  async send(studyInstanceUid: string, count: number): Promise<void> {
    const instances = Array.from({ length: count }, () => inventedInstance(1000, { studyInstanceUid }))
    await sendInstances(this.clinic.agent.port, instances)
    await allSettled(this.clinic)
  }

  center(...args: string[]) {
    return runCommand(this.clinic.folder, args, { program: ferryCenterProgram })
  }

  async centerRow(study: string) {
    const { studies } = JSON.parse((await this.center('studies', '--json')).out)
    return studies.find(({ studyInstanceUid }: { studyInstanceUid: string }) => studyInstanceUid === study)
  }

  /** Waits until the clinic knows that the PACS has got so far. */
  async learned(study: string, pacs: string): Promise<void> {
    await until(
      () => this.clinic.agent.service.study(study)?.study,
      (found) => found?.pacs === pacs,
      60_000,
    )
  }

  /** The instances that Orthanc holds, and each of the four statements about the study's instances. */
  async truth(study: string) {
    const rows = (await this.center('studies')).out.split('\n')
    const list = (await runCommand(this.clinic.folder, ['study'])).out.split('\n')
    return {
      orthanc: (await this.#orthanc.files()).length,
      center: cell(rows, 'PACS', study),
      clinic: cell(list, 'PACS', study),
      receipt: this.#inReceipt(study),
    }
  }

  #inReceipt(study: string): Record<string, number> {
    const { evidence } = this.clinic.agent.service.study(study) ?? {}
    const counts: Record<string, number> = {}
    for (const { version, part } of evidence?.parts ?? []) {
      const jws = this.clinic.agent.service.evidence(study, version, part)?.receipt ?? ''
      const payload = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'))
      for (const { pacs } of payload.instances) counts[pacs] = (counts[pacs] ?? 0) + 1
    }
    return counts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clinic[Symbol.asyncDispose]()
    await this.door[Symbol.asyncDispose]()
  }
}

/** The text under a title in the row of a study. */
function cell(lines: readonly string[], title: string, study: string): string | undefined {
  const [head = ''] = lines.filter((line) => line.includes(title))
  const row = lines.find((line) => line.includes(study))
  const from = head.indexOf(title)
  return row
    ?.slice(from)
    .split(/\s{2,}/)[0]
    ?.trim()
}
