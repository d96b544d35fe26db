import type { StoreRequest } from '../../dimse/association/association.ts'
import { type CheckPolicy, strictPolicy } from '../arrival/check-instance.ts'
import type { Device } from '../arrival/device-list.ts'
import type { InstanceDesk } from '../arrival/storage-service.ts'
import { InstanceIntake, type IntakeOptions } from './intake.ts'

interface IntakeDeskOptions
  extends Omit<IntakeOptions, 'device' | 'checking' | 'characterSet' | 'instanceLimitBytes'> {
  /** Limit and consequences for a device that has none of its own. */
  readonly instanceLimitBytes: number
  readonly checking: CheckPolicy
}

/** Opens the intake of each instance, with what the configuration says of the device that sends it. */
export class IntakeDesk implements InstanceDesk {
  readonly #options: IntakeDeskOptions

  constructor(options: IntakeDeskOptions) {
    this.#options = options
  }

  open(request: StoreRequest, device: Device | undefined): InstanceIntake {
    const { instanceLimitBytes, checking } = this.#options
    const { quirks } = device ?? {}
    return new InstanceIntake(request, {
      ...this.#options,
      device: device?.name,
      instanceLimitBytes: quirks?.instanceBytes ?? instanceLimitBytes,
      checking: quirks?.reading === 'strict' ? strictPolicy(checking) : checking,
      characterSet: quirks?.characterSet,
    })
  }
}
