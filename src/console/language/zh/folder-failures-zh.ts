import type { FailureCode } from '../../../platform/failure.ts'
import type { FailureWords } from '../en/words.ts'

/** Alarms of watched folders. */
export const FOLDER_FAILURES_IN_CHINESE = {
  FOLDER_UNREACHABLE: {
    meaning: '监视的文件夹无法读取',
    todo: '检查该文件夹是否存在、是否已挂载、服务用户是否有权读取；影渡会自动重试',
  },
  FOLDER_FILE_HELD: {
    meaning: '监视的文件夹中有文件无法照原样收取',
    todo: '用 ferry folders 查看是哪些、为什么；改正或移走这些文件，或修改该文件夹的设置；ferry retry 再试一次',
  },
  FOLDER_NEEDS_PATIENT: {
    meaning: '监视的文件夹中有文件等待确定患者已超过一天',
    todo: '用 ferry folders 查看是哪些；用 ferry assign 指明属于谁，或移走该文件',
  },
  FOLDER_SOURCE_KEPT: {
    meaning: '已收取的文件无法从监视的文件夹移走或删除',
    todo: '给服务用户修改该文件夹的权限；moveTo 须与该文件夹在同一磁盘',
  },
} as const satisfies Partial<Record<FailureCode, FailureWords>>
