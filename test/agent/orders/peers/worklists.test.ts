import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Order } from '../../../../src/agent/orders/order.ts'
import { WorklistSource } from '../../../../src/agent/orders/sources/worklist-source.ts'
import { WORKLIST_SOP_CLASS_UID, writeWorklistQuery } from '../../../../src/dicom/edit/worklist-data-set.ts'
import { TRANSFER_SYNTAX } from '../../../../src/dicom/vocabulary/transfer-syntax.ts'
import { deviceTls } from '../../../../src/dimse/scu/device-tls.ts'
import { openAssociation } from '../../../../src/dimse/scu/open-association.ts'
import type { TlsProposal } from '../../../../src/dimse/scu/open-socket.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { InventedAuthority } from '../../../support/instances/invented-certificates.ts'
import {
  describeWithProgram,
  orthancWorklist,
  Wlmscpfs,
  type WorklistStep,
  worklistFolder,
} from '../../../support/peers/worklists.ts'

const two = (value: number): string => String(value).padStart(2, '0')
const day = (plus: number): string => {
  const at = new Date()
  const date = new Date(at.getFullYear(), at.getMonth(), at.getDate() + plus, 12)
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`
}

const step = (number: number, name: string, date = day(0)): WorklistStep => ({
  name,
  id: `P${number}`,
  accession: `A${number}`,
  uid: `1.2.3.${number}`,
  station: 'ENDO1',
  modality: 'ES',
  date,
  time: '0930',
})

const STEPS = [step(1, 'Zhang^San=张^三'), step(2, '李四'), step(3, '王^五', day(9))]
const SETTINGS = {
  host: '127.0.0.1',
  aeTitle: 'RISWL',
  callingAeTitle: 'FERRY',
  tls: false,
  everyMs: 60_000,
  stations: ['ENDO1'],
  modalities: ['ES'],
  daysBack: 1,
  daysAhead: 1,
}

async function ask(
  port: number,
  settings: Partial<typeof SETTINGS & { characterSet: string }> = {},
  tls?: TlsProposal,
) {
  const source = new WorklistSource({
    name: 'worklist',
    worklist: { ...SETTINGS, port, ...settings },
    tls: () => tls,
    clock: systemClock,
  })
  return source.ask(AbortSignal.timeout(30_000))
}

const names = (orders: readonly Order[]): string[] => orders.map(({ patient }) => patient.name).toSorted()

describeWithProgram('/usr/bin/wlmscpfs', 'the worklist of DCMTK', () => {
  test.each([
    ['gb18030', 'GB18030', ['-csk'], {}],
    ['utf8', 'ISO_IR 192', ['-csk'], {}],
    ['gb18030', 'GB18030', ['-cs0'], { characterSet: 'GB18030' }],
    ['gb18030', 'GB18030', ['-cs0'], {}],
    ['gb18030', 'GB18030', ['-cs1'], {}],
    ['utf8', 'ISO_IR 192', ['-cs0'], { characterSet: 'ISO_IR 192' }],
  ] as const)(
    'Chinese names in %s (%s), served with %j, are read with %j',
    async (encoding, declared, options, settings) => {
      using folder = worklistFolder(STEPS, encoding, declared)
      await using worklist = await Wlmscpfs.start(folder.path, options)
      const { orders } = await ask(worklist.port, settings)
      expect(names(orders)).toEqual(['Zhang^San=张^三', '李四'])
      expect(orders.find(({ accessionNumber }) => accessionNumber === 'A1')).toEqual({
        source: 'worklist',
        key: 'A1/RP-A1/A1-1/P1',
        patient: { name: 'Zhang^San=张^三', id: 'P1', birthDate: '19700102', sex: 'F' },
        accessionNumber: 'A1',
        studyInstanceUid: '1.2.3.1',
        requestedProcedureId: 'RP-A1',
        description: 'procedure',
        modality: 'ES',
        stationAeTitle: 'ENDO1',
        scheduledAt: `${day(0).replace(/(....)(..)(..)/, '$1-$2-$3')}T09:30:00`,
      })
    },
  )

  test('a wrong character set damages names, so the setting is what decides', async () => {
    using folder = worklistFolder(STEPS, 'gb18030', 'GB18030')
    await using worklist = await Wlmscpfs.start(folder.path, ['-cs0'])
    const { orders } = await ask(worklist.port, { characterSet: 'ISO_IR 101' })
    expect(names(orders)).not.toContain('李四')
  })

  test('other stations are left out, and a wider range of days is asked for', async () => {
    using folder = worklistFolder(STEPS, 'utf8', 'ISO_IR 192')
    await using worklist = await Wlmscpfs.start(folder.path, ['-csk'])
    expect((await ask(worklist.port, { stations: ['OTHER'] })).orders).toEqual([])
    expect((await ask(worklist.port, { daysAhead: 10 })).orders).toHaveLength(3)
    expect((await ask(worklist.port, { stations: [], modalities: ['US', 'ES'] })).orders).toHaveLength(2)
  })

  test('a list beyond 500 orders is cut off, and that is told', async () => {
    using folder = worklistFolder([{ ...step(1, 'NAME'), accession: 'A0000' }], 'utf8', '')
    const bytes = readFileSync(join(folder.files, '0.wl'), 'latin1')
    for (let i = 1; i < 520; i++)
      writeFileSync(join(folder.files, `${i}.wl`), bytes.replaceAll('A0000', `A${1000 + i}`), 'latin1')
    await using worklist = await Wlmscpfs.start(folder.path)
    const { orders, problem } = await ask(worklist.port)
    expect(orders).toHaveLength(500)
    expect(problem).toContain('more than 500 orders')
  })

  test('a question that has enough answers is cancelled, and the association goes on', async () => {
    using folder = worklistFolder(STEPS.slice(0, 2), 'utf8', 'ISO_IR 192')
    const bytes = readFileSync(join(folder.files, '0.wl'))
    for (let i = 2; i < 400; i++) writeFileSync(join(folder.files, `${i}.wl`), bytes)
    await using worklist = await Wlmscpfs.start(folder.path, ['--sleep-during', '0'])
    await using association = await openAssociation({
      host: '127.0.0.1',
      port: worklist.port,
      callingAeTitle: 'FERRY',
      calledAeTitle: 'RISWL',
      contexts: [
        {
          abstractSyntaxUid: WORKLIST_SOP_CLASS_UID,
          transferSyntaxUids: [TRANSFER_SYNTAX.ExplicitVRLittleEndian],
        },
      ],
      clock: systemClock,
    })
    const query = writeWorklistQuery(
      { fromDate: day(-1), toDate: day(1) },
      TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    )
    let taken = 0
    const cut = await association.find(WORKLIST_SOP_CLASS_UID, query, () => ++taken < 3)
    expect([cut.status, taken]).toEqual([0xfe00, 3])
    const whole = await association.find(WORKLIST_SOP_CLASS_UID, query, () => ++taken > 0)
    expect([whole.status, taken]).toEqual([0, 403])
  })

  test('a wrong AE title and a worklist that is down are told apart', async () => {
    using folder = worklistFolder([], 'utf8', '')
    await using worklist = await Wlmscpfs.start(folder.path)
    await expect(ask(worklist.port, { aeTitle: 'NOBODY' })).rejects.toMatchObject({ code: 'ORDERS_REFUSED' })
    await worklist.stop()
    await expect(ask(worklist.port)).rejects.toMatchObject({ code: 'ORDERS_UNREACHABLE' })
  })
})

describeWithProgram('/usr/share/orthanc/plugins/libModalityWorklists.so', 'the worklist of Orthanc', () => {
  test.each([
    ['Utf8', 'gb18030', 'GB18030'],
    ['Chinese', 'utf8', 'ISO_IR 192'],
  ] as const)('Chinese names are read if its encoding is %s', async (answers, encoding, declared) => {
    using folder = worklistFolder(STEPS, encoding, declared)
    await using worklist = await orthancWorklist(folder.files, answers)
    const { orders } = await ask(worklist.dicomPort)
    expect(names(orders)).toEqual(['Zhang^San=张^三', '李四'])
  })

  test('it is asked over TLS by its own authority, and not if its certificate is of another one', async () => {
    using authority = await InventedAuthority.create('Clinic')
    using stranger = await InventedAuthority.create('Stranger')
    const [ours, theirs] = [await authority.issue('ferry'), await authority.issue('ris')]
    using folder = worklistFolder(STEPS, 'utf8', 'ISO_IR 192')
    await using worklist = await orthancWorklist(folder.files, 'Utf8', {
      DicomTlsEnabled: true,
      DicomTlsCertificate: theirs.certificate,
      DicomTlsPrivateKey: theirs.key,
      DicomTlsTrustedCertificates: theirs.ca,
      DicomTlsRemoteCertificateRequired: true,
    })
    const { dicomPort } = worklist
    const { orders } = await ask(dicomPort, { tls: true }, deviceTls(ours))
    expect(names(orders)).toEqual(['Zhang^San=张^三', '李四'])
    const trusting = deviceTls({ ...ours, ca: stranger.path })
    await expect(ask(dicomPort, { tls: true }, trusting)).rejects.toMatchObject({ code: 'ORDERS_REFUSED' })
    // Without TLS nothing is told on that port.
    await expect(ask(dicomPort)).rejects.toMatchObject({ code: 'ORDERS_UNREACHABLE' })
  })

  test('names that its encoding cannot write come damaged, and are known as damaged', async () => {
    using folder = worklistFolder(STEPS, 'gb18030', 'GB18030')
    await using worklist = await orthancWorklist(folder.files)
    const { orders } = await ask(worklist.dicomPort)
    expect(orders).toHaveLength(2)
    expect(names(orders).filter((name) => name.includes('李') || name.includes('张'))).toEqual([])
  })
})
