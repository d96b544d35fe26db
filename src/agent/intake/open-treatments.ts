import type { AgentSettings } from '../../config/agent-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { type AuditRecord, DeidAuditLog } from '../deid-records/deid-audit-log.ts'
import { DeidLinks } from '../deid-records/deid-links.ts'
import { readProjectKey } from '../deid-records/project-key-file.ts'
import { StudyPersonLog } from '../deid-records/study-person-log.ts'
import { openPixelCodecs } from '../deidentify/pixels/pixel-codec.ts'
import { keyOf } from '../deidentify/rules/profile-key.ts'
import type { DeidentifiedTreatments } from './deidentified-treatments.ts'
import type { TreatmentRecord } from './treatment.ts'
import { Treatments } from './treatments.ts'

/**
 * Prepares everything that the configured routes need before the first instance: the project's key, the codecs if
 * pixels are masked, the audit file. Throws KEY_FILE_INVALID and CONFIG_INVALID if a key is missing or invalid.
 */
export async function openTreatments(
  settings: AgentSettings,
  { clock, log }: { clock: Clock; log: Log },
): Promise<{ treatments: Treatments } & Disposable> {
  const { dataFolder, routes, normalization } = settings
  const audit = new DeidAuditLog(dataFolder)
  const { system } = normalization
  const record = (made: TreatmentRecord): void => {
    try {
      audit.append(auditRecord(made, clock.now()))
    } catch (error) {
      // The instance itself is safe; only its record is missing.
      const { code, message } = failureFrom(error, 'STORAGE_ERROR', 'writing an audit record')
      log.error('audit record not written', { ulid: made.ulid, code, reason: message })
    }
  }
  const deidentified = await openDeidentified(settings, record)
  const treatments = new Treatments({ routes, normalization, deidentified, clock, system, record })
  return { treatments, [Symbol.dispose]: () => audit[Symbol.dispose]() }
}

/** Without a route that removes identity, nothing of it is loaded. */
async function openDeidentified(
  { dataFolder, deidentification, routes }: AgentSettings,
  record: (record: TreatmentRecord) => void,
): Promise<DeidentifiedTreatments | undefined> {
  const profiles = new Map(deidentification.profiles.map((profile) => [profile.name, profile]))
  const used = routes.flatMap(({ profile }) => profiles.get(profile ?? '') ?? [])
  const { projectKeyFile, linkingRecipient } = deidentification
  if (used.length === 0) return undefined
  const key = projectKeyFile === undefined ? undefined : await readProjectKey(projectKeyFile)
  const keys = new Map(key && used.map((profile) => [profile.name, keyOf(profile, key)]))
  const studies = key && (await StudyPersonLog.open(dataFolder))
  const isMasking = used.some(({ pixels }) => pixels.some(({ regions }) => regions.length > 0))
  const codecs = isMasking ? await openPixelCodecs() : undefined
  const links =
    key && linkingRecipient !== undefined ? new DeidLinks(dataFolder, linkingRecipient, key) : undefined
  const { DeidentifiedTreatments } = await import('./deidentified-treatments.ts')
  return new DeidentifiedTreatments({ profiles, keys, studies, links, codecs, record })
}

function auditRecord({ deidentified, normalized, ...rest }: TreatmentRecord, now: number): AuditRecord {
  return {
    at: new Date(now).toISOString(),
    ...rest,
    ...(deidentified && {
      deidentified: {
        ...deidentified,
        options: [...deidentified.options],
        actions: { ...deidentified.actions },
        rules: { ...deidentified.rules },
      },
    }),
    ...(normalized && { normalized: { rules: { ...normalized.rules }, findings: [...normalized.findings] } }),
  }
}
