import type { ConditionCode } from '../../../center/operate/condition.ts'
import type { ConditionWords } from '../en/words.ts'

export const CONDITIONS_IN_CHINESE: Readonly<Record<ConditionCode, ConditionWords>> = {
  NOT_RUNNING: {
    what: '中心没有运行：没有进程在使用 {folder}',
    todo: '启动服务，或执行 ferry-center run；在此之前各前置机会保留影像',
  },
  REGISTER_UNREADABLE: {
    what: '无法读取登记库（{reason}）',
    todo: '检查 dataFolder、所在磁盘和权限；登记库损坏或丢失时从备份恢复',
  },
  STORAGE_FULL: {
    what: '磁盘已满：剩余 {free}，须预留 {reserve}，因此前置机须等待',
    todo: '在 {folder} 所在磁盘腾出空间；切勿删除数据文件夹里的任何东西',
  },
  STORAGE_LOW: {
    what: '磁盘快满了：剩余 {free}；降到 {reserve} 就会让前置机等待',
    todo: '在 {folder} 所在磁盘腾出空间；切勿删除数据文件夹里的任何东西',
  },
  STORE_MISSING: {
    what: '存放影像的磁盘不在，或者换成了另一块（{folder}/instances）：各前置机须等待',
    todo: '挂载正确的磁盘；如磁盘已丢失或更换，执行 ferry-center store accept',
  },
  INSTANCES_LOST: {
    what: '影像丢失 {count} 幅：文件不见了或已损坏，还没有前置机重新上传',
    todo: '用 ferry-center lost 查看；仍有副本的前置机会自动重传，否则请从设备或其存档重新发送这些检查',
  },
  BALLAST_GONE: {
    what: '为磁盘写满预留的 {wanted} 占位空间已不在',
    todo: '在数据文件夹所在磁盘腾出空间；之后中心会自动重新预留',
  },
  PACS_REFUSED: {
    what: 'PACS 拒收影像 {count} 幅',
    todo: '用 ferry-center studies 查看，排除原因后执行 ferry-center retry',
  },
  INSTANCES_HELD: {
    what: '有影像 {count} 幅须经放行才会转交 PACS',
    todo: '用 ferry-center held 查看，核对后执行 ferry-center release 检查UID',
  },
  CONFLICTS: {
    what: '有影像 {count} 幅与先前的影像 UID 相同而内容不同（同号不同图）；不会自动替换',
    todo: '用 ferry-center held 查看，与机构比对后执行 ferry-center release 检查UID',
  },
  PACS_UNVERIFIED: {
    what: 'PACS 称已收影像 {count} 幅，其副本未能比对',
    todo: '在 center.yaml 的 pacs.wadoUrl 中填写 PACS 原样提供影像的网址，然后执行 ferry-center retry',
  },
  PACS_UNREACHABLE: {
    what: '影像暂时送不进 PACS（{reason}）；中心会自动重试',
    todo: '检查 PACS、到 PACS 的网络以及 center.yaml 中的 pacs 设置；执行 ferry-center retry 可立即重试',
  },
  PACS_ADDRESS: {
    what: 'PACS 地址上应答的不是影像存储服务（{reason}）',
    todo: '检查 center.yaml 中的 pacs.url，以及 PACS 前面的代理服务器或网关；执行 ferry-center retry 可立即重试',
  },
  KEYS_REFUSED: {
    what: '更改过的密钥或证书无法采用，中心仍在使用旧的（{reason}）',
    todo: '按原因改正；中心每 10 秒会重新读取',
  },
  PACS_DENIES_US: {
    what: 'PACS 不允许中心访问（{reason}）',
    todo: '检查 center.yaml 中 pacs 的用户名、密码或令牌，以及该用户的权限；执行 ferry-center retry 可立即重试',
  },
  AGENT_PENDING: {
    what: '前置机 {name} 等待批准',
    todo: '用 ferry-center agents 查看指纹，与机构核对后执行 ferry-center approve 指纹',
  },
  AGENT_CLONED: {
    what: '有两台电脑在使用前置机 {name} 的身份：数据文件夹被复制过',
    todo: '向机构确认保留哪一台。另一台：等 ferry queue 为空后停止影渡，把数据文件夹移走，再用新的加入码加入（ferry-center invite）',
  },
  AGENT_SILENT: {
    what: '前置机 {name} 一直没有联系中心',
    todo: '向机构确认电脑是否开机、网络是否正常；不再使用的前置机：ferry-center revoke 指纹',
  },
  MESSAGES_UNSENT: {
    what: '发往 {target} 的报警消息发不出去（{reason}）',
    todo: '排除原因后用 ferry-center test-message 试发',
  },
  AGENT_STUCK: {
    what: '{name} 有影像 {count} 幅未签收，最早的已等待很久',
    todo: '请机构执行 ferry queue，其中写明每个检查等待的原因',
  },
  AGENT_STORAGE_FULL: {
    what: '{name} 的磁盘已满：剩余 {free}，须预留 {reserve}，因此设备发来的影像被拒收',
    todo: '请机构执行 ferry status，其中写明占用情况和处理办法',
  },
  AGENT_STORAGE_LOW: {
    what: '{name} 的磁盘快满了：剩余 {free}；降到 {reserve} 就会拒收设备发来的影像',
    todo: '请机构执行 ferry status，其中写明占用情况和处理办法',
  },
  AGENT_REPORTS: {
    what: '{name} 报告：{problem}',
    todo: '请机构执行 ferry status，其中写明处理办法',
  },
  DEVICE_SILENT: {
    what: '{name} 的设备 {device} 一直没有发来影像',
    todo: '向机构确认设备是否在用、是否仍发往影渡。本来就不常用的，在其 ferry.yaml 的 devices 里设置 silentAfter',
  },
  CLOCK_OFF: {
    what: '{name} 与其他机器的时钟相差 {offset}',
    todo: '与可信的时间核对，在不准的一边开启时间同步（NTP）',
  },
  CENTER_CLOCK_OFF: {
    what: '中心的时钟与 {agents} 台前置机相差 {offset}',
    todo: '与可信的时间核对并开启时间同步（NTP）；改正后一分钟内会重新比较',
  },
}
