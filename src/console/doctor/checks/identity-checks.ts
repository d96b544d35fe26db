import { CenterAccount } from '../../../agent/send/center-account.ts'
import { Failure } from '../../../platform/failure.ts'
import { shortFingerprint } from '../../../protocol/signing-key.ts'
import type { DoctorFinding, Exam } from './exam.ts'

interface ExaminedIdentity {
  readonly findings: DoctorFinding[]
  /** Undefined if the agent has no usable key, or belongs to no center. */
  readonly account: CenterAccount | undefined
}

/** The agent's key is the one that joined by this configuration, in the data folder that it used. */
export async function examineIdentity(
  exam: Exam,
  dataFolder: string,
  configFile: string,
): Promise<ExaminedIdentity> {
  try {
    CenterAccount.checkFolder(dataFolder, configFile)
    const account = await CenterAccount.open(dataFolder)
    account.address()
    const fingerprint = shortFingerprint(account.signingKey.kid)
    return { findings: [exam.good('keys', 'keys', { fingerprint })], account }
  } catch (error) {
    const isNew = error instanceof Failure && error.code === 'NOT_ENROLLED'
    const finding = isNew
      ? exam.failed('membership', error, 'NOT_ENROLLED', '')
      : exam.failed('keys', error, 'STORAGE_ERROR', `looking at the keys in ${dataFolder}`)
    return { findings: [finding], account: undefined }
  }
}
