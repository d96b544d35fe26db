import type {
  SeriesFacts,
  StudyFacts,
  WrapFacts,
  WrapHandling,
} from '../../../src/agent/arrival/wrap/wrap-facts.ts'

const STUDY: StudyFacts = {
  studyInstanceUid: '1.2.840.99999.7',
  date: '20261201',
  time: '083000',
  id: '7',
  accessionNumber: 'A7',
  description: '胃镜',
}
const SERIES: SeriesFacts = { folder: 'endoscopy', manufacturer: 'Invented', stationName: '内镜一室' }
const HANDLING: WrapHandling = {
  as: 'endoscopic',
  anatomicRegion: 'stomach',
  orientation: 'hold',
  lowerProfiles: 'hold',
}

/** Facts about an invented patient and study; `change` replaces some. */
export function someFacts(change: Partial<WrapFacts> = {}): WrapFacts {
  return {
    patient: { name: '张^三', id: 'E0007', issuer: 'HOSPITAL', birthDate: '19700102', sex: 'M' },
    study: STUDY,
    series: SERIES,
    handling: HANDLING,
    sha256: 'ab'.repeat(32),
    agentId: '01K0000000000000000000000A',
    uidSecret: Buffer.alloc(32, 7),
    modifiedAt: Date.UTC(2026, 11, 1, 0, 30, 5, 250),
    ...change,
  }
}
