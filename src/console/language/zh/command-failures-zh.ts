import type { FailureCode } from '../../../platform/failure.ts'
import type { FailureWords } from '../en/words.ts'

/** Failures of what a command names: a study, a device, a file, a key. */
export const COMMAND_FAILURES_IN_CHINESE = {
  MESSAGE_UNSENT: {
    meaning: '报警消息发送失败',
    todo: '按所说的原因排除；影渡会自动重发',
  },
  STUDY_UNKNOWN: {
    meaning: '这里没有这个 UID 的检查',
    todo: 'ferry study 列出最近的检查，加 --limit 可列出更多；请核对 UID',
  },
  STUDY_OPEN: {
    meaning: '检查尚未收齐',
    todo: '请等到收齐之后；ferry study UID 显示其状态',
  },
  NOT_HELD: {
    meaning: '命令所指的影像或文件既没有搁置，也不在等待',
    todo: 'ferry quarantine 列出搁置的影像，ferry folders 列出等待的文件；在中心用 ferry-center held',
  },
  DEVICE_UNKNOWN: {
    meaning: '没有唯一的设备符合这个名称',
    todo: '名称和 AE Title 见 ferry devices',
  },
  DEVICE_LISTED: {
    meaning: '设备已在名单中',
    todo: '名单见 ferry devices；ferry devices remove 可从名单中去掉设备',
  },
  NOT_IGNORED: {
    meaning: '没有忽略这个呼叫方',
    todo: '哪些呼叫方被忽略，见 ferry devices',
  },
  OTHER_CONFIG: {
    meaning: '运行中的前置机读取的不是这个配置文件',
    todo: '请停止前置机，再用 --config 指定此文件启动',
  },
  AGENT_VERSION: {
    meaning: '运行中的前置机与此命令版本不同',
    todo: '请使用与前置机一同安装的 ferry；升级之后请重启服务',
  },
  RESTART_BY_HAND: {
    meaning: '前置机不能自行重启',
    todo: '请重启服务；手工启动的，请停止后重新启动',
  },
  FILE_EXISTS: {
    meaning: '已有同名文件，未作改动',
    todo: '请换一个名称；确定不再需要时，才移走原有文件',
  },
  FILE_UNREADABLE: {
    meaning: '命令所需的文件或文件夹无法使用',
    todo: '请核对路径和内容',
  },
  FILES_MISSING: {
    meaning: '没有找到文件',
    todo: '请核对路径；文件夹连同其下各级文件夹都会查找',
  },
  FILE_CHANGED: {
    meaning: '文件正在使用，或已被改动',
    todo: '请等写入它的程序结束；ferry folders 会列出文件的最新情况',
  },
  ORDER_UNKNOWN: {
    meaning: '已知的申请单无法说明文件属于谁',
    todo: 'ferry orders --show-names 列出申请单及其编号；ferry assign --patient-id 不需要申请单',
  },
  SOURCE_UNKNOWN: {
    meaning: '没有这个名称的申请单来源',
    todo: 'ferry orders 列出来源；来源在配置的 orders 中命名',
  },
  PROFILE_UNKNOWN: {
    meaning: '配置中没有这个名称的方案',
    todo: '方案在配置的 deidentification.profiles 中命名',
  },
  IMPORT_RUNNING: {
    meaning: '另一次导入正在进行',
    todo: '请等它结束',
  },
  IMPORT_ENDED: {
    meaning: '这次导入已经结束',
    todo: '请重新开始导入；已有的影像不会重复保存',
  },
  KEY_UNKNOWN: {
    meaning: '没有唯一的密钥符合这个编号',
    todo: '编号见 ferry-center keys list；请多写几位',
  },
  KEY_REVOKED: {
    meaning: '这把密钥早已停用',
    todo: '不用处理；停用时间见 ferry-center keys list',
  },
  KEY_NEEDED: {
    meaning: '这是同类中唯一在用的密钥',
    todo: '请先用 ferry-center keys rotate 生成新密钥；若此密钥可能已泄露，加 --now',
  },
  ACCOUNT_UNKNOWN: {
    meaning: '没有这个名称的账号',
    todo: '账号名称见 ferry-center account list',
  },
  ACCOUNT_EXISTS: {
    meaning: '这个名称的账号已存在',
    todo: '请换一个名称；原账号的新密码用 ferry-center account reset 名称 生成',
  },
  ACCOUNT_NAME: {
    meaning: '这个名称不能用作账号',
    todo: '最多 64 个字符：字母、汉字、数字、空格和 . _ @ -，首字须为字母、汉字或数字',
  },
  PASSWORD_CHOICE: {
    meaning: '这个密码不能使用',
    todo: '请另选一个 10 到 200 个字符的密码',
  },
  SIGN_IN_REFUSED: {
    meaning: '名称或密码不对',
    todo: '请重试；忘记密码时，由管理员用 ferry-center account reset 名称 生成新密码',
  },
  SIGN_IN_LATER: {
    meaning: '密码错误次数过多',
    todo: '请等到所示时间之后再试',
  },
} as const satisfies Partial<Record<FailureCode, FailureWords>>
