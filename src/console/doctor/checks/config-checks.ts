import { accessSync, constants, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { Checked, CheckOptions } from '../../../config/checks/check-settings.ts'
import { describeProblem } from '../../../config/yaml/problem-words.ts'
import { Failure } from '../../../platform/failure.ts'
import { type ConfigName, findConfig } from '../../session/config-file.ts'
import type { DoctorFinding, Exam } from './exam.ts'

const OTHERS_WRITE = 0o022

interface ExaminedConfig<Settings> {
  readonly findings: DoctorFinding[]
  /** Undefined if the configuration has mistakes; named files that are missing are not such mistakes. */
  readonly settings: Settings | undefined
}

/** Returns the path of the configuration file, or the finding that there is none. */
export function configFileOf(
  { session }: Exam,
  named: string | undefined,
  usualName: ConfigName,
): string | DoctorFinding {
  try {
    return findConfig(session, named, usualName)
  } catch (error) {
    const found = error instanceof Failure ? error.message : String(error)
    const todo = session.say('doctor.fault.configMissing.todo')
    return { check: 'config', level: 'bad', code: 'configMissing', found, todo }
  }
}

/** The configuration reads, has no mistakes, and the files that it names exist. */
export function examineConfig<Settings>(
  exam: Exam,
  file: string,
  check: (path: string, options?: CheckOptions) => Checked<Settings>,
): ExaminedConfig<Settings> {
  try {
    const { settings } = check(file)
    const { problems, encoding } = check(file, { withFiles: true })
    const { language } = exam.session
    const words = problems.map((problem) => describeProblem(basename(file), problem, language)).join('\n')
    const isOfFiles = problems.some(({ kind }) => kind === 'file')
    const findings = [
      settings === undefined
        ? exam.bad('config', 'configWrong', { file, problems: words })
        : exam.good('config', 'config', { file }),
      ...(settings === undefined ? [] : [namedFiles(exam, isOfFiles ? words : '')]),
      ...(encoding === 'utf-8' ? [] : [exam.note('config', 'gb18030', { file })]),
      ...ownerOfConfig(exam, file),
    ]
    return { findings, settings }
  } catch (error) {
    if (isMissing(file))
      return { findings: [exam.bad('config', 'configMissing', { file })], settings: undefined }
    const attempted = `reading ${file}`
    return { findings: [exam.failed('config', error, 'CONFIG_INVALID', attempted)], settings: undefined }
  }
}

function isMissing(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

function namedFiles(exam: Exam, problems: string): DoctorFinding {
  if (problems !== '') return exam.bad('configFiles', 'configFiles', { problems })
  return exam.good('configFiles', 'configFiles')
}

/** A user who can change the configuration can make the service listen, or send, elsewhere. */
function ownerOfConfig(exam: Exam, file: string): DoctorFinding[] {
  if (process.getuid === undefined) return []
  const { mode } = statSync(file)
  if ((mode & OTHERS_WRITE) === 0) return [exam.good('configMode', 'configMode')]
  return [exam.bad('configMode', 'configWritable', { file, mode: octal(mode) })]
}

/** Called after root has become the user of the service: the service must be able to read its configuration. */
export function configReadableByService(exam: Exam, file: string, user: string): DoctorFinding[] {
  try {
    accessSync(file, constants.R_OK)
    return []
  } catch {
    return [exam.bad('configMode', 'configUnreadable', { file, user })]
  }
}

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0')
