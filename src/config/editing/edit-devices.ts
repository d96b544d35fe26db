import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { replaceDurably } from '../../platform/durable-file.ts'
import { Failure, systemCode } from '../../platform/failure.ts'
import { loadAgentSettings } from '../agent-settings.ts'
import type { Language } from '../yaml/problem-words.ts'
import { readText } from '../yaml/read-text.ts'
import { childAt, parseYaml } from '../yaml/yaml-values.ts'
import { fileValues, type NewDevice, withDevice, withoutDevice } from './device-lines.ts'

type Edit = (source: string) => string

/**
 * Adds a device to the agent's file; all other lines, comments, order and spaces stay. The new file replaces the old
 * one only if it has no faults and its other settings are unchanged. Throws CONFIG_INVALID if the old or the new one
 * has problems or was changed meanwhile, USAGE if this user may not write it, STORAGE_ERROR.
 */
export function addDeviceToFile(path: string, device: NewDevice, language: Language): Promise<void> {
  return editFile(path, language, (source) => withDevice(source, device), [
    ...devicesOf(path),
    fileValues(device),
  ])
}

/** Removes a device from the agent's file, by its place there; otherwise like {@link addDeviceToFile}. */
export function removeDeviceFromFile(path: string, at: number, language: Language): Promise<void> {
  return editFile(path, language, (source) => withoutDevice(source, at), devicesOf(path).toSpliced(at, 1))
}

async function editFile(
  path: string,
  language: Language,
  edit: Edit,
  devices: readonly unknown[],
): Promise<void> {
  loadAgentSettings(path, language)
  const { text: before } = readText(path)
  const after = edit(before)
  checkMeaning(before, after, devices)
  try {
    await replaceDurably(path, after, (draft) => {
      checkDraft(draft, path, language)
      if (readText(path).text !== before)
        throw new Failure('CONFIG_INVALID', `changing ${path}: it was changed at the same moment: try again`)
    })
  } catch (error) {
    throw NOT_ALLOWED.has(systemCode(error instanceof Failure ? error.cause : error) ?? '')
      ? new Failure(
          'ACCESS_DENIED',
          `changing ${path}: permission denied: run this as a user that may write it`,
          {
            cause: error,
          },
        )
      : error
  }
}

const NOT_ALLOWED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS'])

/** Its problems are reported for the file that a person knows. */
function checkDraft(draft: string, path: string, language: Language): void {
  try {
    loadAgentSettings(draft, language)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(error.code, error.message.replaceAll(basename(draft), basename(path)), { cause: error })
  }
}

/** Checks that the list of devices is as intended, and no other value has changed. */
function checkMeaning(before: string, after: string, devices: readonly unknown[]): void {
  const [old, edited] = [parseYaml(before).values ?? {}, parseYaml(after).values ?? {}]
  const isAsWanted =
    isDeepStrictEqual({ ...old, devices: undefined }, { ...edited, devices: undefined }) &&
    isDeepStrictEqual(childAt(edited, 'devices') ?? [], devices)
  if (!isAsWanted)
    throw new Failure(
      'CONFIG_INVALID',
      'changing the list of devices: the file is written in a way that only a person can change: edit it by hand',
    )
}

function devicesOf(path: string): readonly unknown[] {
  const devices = childAt(parseYaml(readText(path).text).values, 'devices')
  return Array.isArray(devices) ? devices : []
}
