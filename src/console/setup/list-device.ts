import { loadAgentSettings } from '../../config/agent-settings.ts'
import { addDeviceToFile } from '../../config/editing/edit-devices.ts'
import { aeTitleFault } from '../../config/setting/ae-title-fault.ts'
import { Failure } from '../../platform/failure.ts'
import type { Language } from '../language/language.ts'

/** A device as a person names it; without an address it may call from anywhere. */
export interface WantedDevice {
  readonly aeTitle: string
  readonly name?: string
  readonly address?: string
}

/**
 * Writes a device into the configuration, unless it is listed there already. Returns true if the file has changed.
 * Throws USAGE for an AE title that no device may have, and what the change of the file throws.
 */
export async function listDevice(file: string, wanted: WantedDevice, language: Language): Promise<boolean> {
  const { aeTitle, address } = wanted
  const fault = aeTitleFault(aeTitle)
  if (fault !== undefined)
    throw new Failure('USAGE', `listing the device ${JSON.stringify(aeTitle)}: its AE title is not allowed`)
  const { devices } = loadAgentSettings(file, language)
  const namesakes = devices.filter((device) => device.aeTitle === aeTitle)
  const isListed = namesakes.some(
    ({ addresses }) => addresses.length === 0 || (address !== undefined && addresses.includes(address)),
  )
  if (isListed || (namesakes.length > 0 && address === undefined)) return false
  const name = freeName(wanted.name ?? aeTitle, new Set(devices.map((device) => device.name)))
  await addDeviceToFile(
    file,
    { name, aeTitle, ...(address !== undefined && { addresses: [address] }) },
    language,
  )
  return true
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted} (${i})`
    if (!taken.has(name)) return name
  }
}
