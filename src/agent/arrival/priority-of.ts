import type { HasPriority } from '../queue/instance-index.ts'
import type { DeviceList } from './device-list.ts'

/**
 * An instance has priority if one of its possible devices is named in `send.priority`, by name, AE title or kind. The
 * envelope has no address: devices with one AE title share their priority. The list of devices is the present one.
 */
export function priorityOf(list: DeviceList, named: readonly string[]): HasPriority {
  return ({ callingAeTitle }) =>
    named.includes(callingAeTitle) ||
    list.devices.some(
      ({ aeTitle, name, kind }) =>
        aeTitle === callingAeTitle && (named.includes(name) || (kind !== undefined && named.includes(kind))),
    )
}
