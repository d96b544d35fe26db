import type { Pair } from '../../broken-things/pair.ts'
import { type Call, type PlantedFault, withUnit } from './planted-fault.ts'

const unit =
  (properties: Readonly<Record<string, string>>) =>
  (pair: Pair): Call =>
    withUnit(pair, properties)

/** Faults of the unit, as systemd reports them. */
export const SERVICE_FAULTS: readonly Omit<PlantedFault, 'program'>[] = [
  {
    fault: 'the service ends again and again',
    plant: unit({ ActiveState: 'activating', Result: 'exit-code', ExecMainStatus: '78', NRestarts: '41' }),
    code: 'serviceFailed',
    cause: {
      en: /ferry\.service failed: exit-code, exit code 78, 41 restarts/,
      zh: /退出码 78，已重启 41 次/,
    },
    cure: { en: /ferry logs -n 50/, zh: /ferry logs -n 50/ },
  },
  {
    fault: 'the service does not start with the machine',
    plant: unit({ UnitFileState: 'disabled' }),
    code: 'serviceDisabled',
    cause: { en: /does not start with this machine/, zh: /不会随本机启动/ },
    cure: { en: /systemctl enable ferry\.service/, zh: /systemctl enable ferry\.service/ },
  },
  {
    fault: 'the service is stopped',
    plant: unit({ ActiveState: 'inactive' }),
    code: 'serviceStopped',
    cause: { en: /does not run \(inactive\)/, zh: /没有运行（inactive）/ },
    cure: { en: /systemctl start/, zh: /systemctl start/ },
  },
  {
    fault: 'the service is masked',
    plant: unit({ LoadState: 'masked', UnitFileState: 'masked', ActiveState: 'inactive' }),
    code: 'serviceMasked',
    cause: { en: /is masked/, zh: /被屏蔽/ },
    cure: { en: /systemctl unmask/, zh: /systemctl unmask/ },
  },
  {
    fault: 'there is no service',
    plant: unit({ LoadState: 'not-found', UnitFileState: '', ActiveState: 'inactive' }),
    code: 'serviceUnknown',
    cause: { en: /does not know ferry\.service/, zh: /没有 ferry\.service/ },
    cure: { en: /install the package/, zh: /安装软件包/ },
  },
]
