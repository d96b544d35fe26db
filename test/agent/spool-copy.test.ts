import { expect, test } from '@jest/globals'
import { SpoolCopy, type SpoolCopyParts, type Treatment } from '../../src/agent/spool-copy.ts'

const BASE = {
  arrivedAt: '2026-01-01T00:00:00Z',
  listener: 'main',
  callingAeTitle: 'CT1',
  calledAeTitle: 'FERRY',
  sopClassUid: '1.2',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
}

/** An engine's complaint about a pattern repeats the pattern, and that may be made of a patient's name. */
function complain(): never {
  throw new SyntaxError('Invalid regular expression: /okafor/')
}

test.each(['push', 'finish'] as const)(
  'what fails unforeseen while an instance is changed is told by its place, never by its words (%s)',
  async (when) => {
    const treatment: Treatment = {
      policy: 'deidentified:research',
      names: { sopInstanceUid: '1.2.3', studyInstanceUid: '1.2', seriesInstanceUid: '1.2.1' },
      change: {
        push: () => (when === 'push' ? complain() : []),
        finish: () => complain(),
        transferSyntaxUid: BASE.transferSyntaxUid,
      },
    }
    // Nothing is sealed before it fails.
    const copy = new SpoolCopy(treatment, BASE, {} as SpoolCopyParts)
    void copy.write(Buffer.from('a data set'))
    await expect(copy.commit()).rejects.toMatchObject({ code: 'SEAL_FAILED' })
    expect(copy.failure?.message).toMatch(/^sealing an instance: SyntaxError at complain /)
    expect(JSON.stringify([copy.failure?.message, copy.failure?.cause])).not.toContain('okafor')
  },
)
