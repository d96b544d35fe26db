// Loaded with --import, it makes an agent that answers Success first and stores a moment later: the control of a kill test.
import { setTimeout as pause } from 'node:timers/promises'
import { InstanceIntake } from '../../../src/agent/intake/intake.ts'

// oxlint-disable-next-line typescript/unbound-method -- it is given its own `this` below
const { finish } = InstanceIntake.prototype
InstanceIntake.prototype.finish = async function () {
  void pause(1000).then(() => finish.call(this))
  return { status: 0 }
}
