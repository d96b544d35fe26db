import type { FailureCode } from '../../../platform/failure.ts'
import type { FailureWords } from '../en/words.ts'
import { COMMAND_FAILURES_IN_CHINESE } from './command-failures-zh.ts'
import { FOLDER_FAILURES_IN_CHINESE } from './folder-failures-zh.ts'

export const FAILURES_IN_CHINESE: Readonly<Record<FailureCode, FailureWords>> = {
  UID_INVALID: {
    meaning: '设备发来的标识不是合法的 DICOM UID',
    todo: '联系设备工程师；该影像已拒收，仍在设备上',
  },
  DATA_SET_UNREADABLE: {
    meaning: '有 DICOM 数据无法读取',
    todo: '从设备重发；若再次出现，说明设备上的文件已损坏',
  },
  DATA_SET_MISMATCH: {
    meaning: '设备声明的影像与实际发送的不一致',
    todo: '联系设备工程师；该影像已拒收，仍在设备上',
  },
  INSTANCE_TOO_LARGE: {
    meaning: '影像超过大小上限',
    todo: '若确需接收，请调大配置中的 limits.instance，再重发',
  },
  CHECK_REFUSED: {
    meaning: '影像因检查发现的问题被拒收',
    todo: '告知设备工程师；影像仍在设备上。哪些问题拒收，见配置文件的 checking',
  },
  CHECK_HELD: {
    meaning: '影像因检查发现的问题被搁置',
    todo: '用 ferry quarantine 查看；放行，或在设备上改正后重发',
  },
  DEID_WITHHELD: {
    meaning: '该影像无法确保去标识，未经此去标识路由发出',
    todo: '查看此类影像，在该配置方案中补充像素规则或自定义规则，再重发',
  },
  ...FOLDER_FAILURES_IN_CHINESE,
  ASSOCIATION_REJECTED: {
    meaning: '对方拒绝了 DICOM 连接',
    todo: '核对双方的 AE Title，以及本机地址是否在对方名单上',
  },
  ASSOCIATION_FAILED: {
    meaning: '无法建立 DICOM 连接',
    todo: '检查地址和端口、网线、防火墙，以及对方是否在运行',
  },
  ASSOCIATION_ABORTED: { meaning: 'DICOM 连接中途断开', todo: '重试；若再次出现，请查看对方日志' },
  PROTOCOL_VIOLATION: {
    meaning: '对方没有遵守 DICOM 协议',
    todo: '确认该端口是 DICOM 端口，且双方同时启用或同时不启用 TLS',
  },
  DIMSE_LIBRARY_CHANGED: {
    meaning: '安装的 DICOM 组件与影渡测试时的不同',
    todo: '按原包重新安装影渡',
  },
  STORE_REFUSED: { meaning: '对方不接收这种影像', todo: '在对方的符合性声明中查看 SOP 类和传输语法' },
  STUDY_INCOMPLETE: {
    meaning: '设备申报的影像没有全部到达',
    todo: '用 ferry steps 查看缺哪些；从设备重发该检查；如属有意不发，运行 ferry retry 确认',
  },
  SEAL_FAILED: { meaning: '影像无法封存', todo: '查看日志；该影像已拒收，仍在设备上' },
  AGE_FORMAT: { meaning: '封存的文件不是 age 格式，或已损坏', todo: '保留该文件，并连同日志上报' },
  AGE_NO_KEY: { meaning: '文件是用另一把密钥封存的', todo: '找回对应的密钥，或用恢复密钥解开' },
  AGE_KEY_INVALID: { meaning: '这段文字不是 age 密钥', todo: '重新完整复制密钥' },
  SPOOL_FILE_INVALID: { meaning: '暂存区有文件不像已收下的影像', todo: '勿移动它，检查磁盘，并上报' },
  SPOOL_FILE_DAMAGED: {
    meaning: '已收下的影像读出来与写入时不同',
    todo: '检查磁盘；趁设备上还有，请从设备重发该检查',
  },
  TLS_FAILED: {
    meaning: '无法建立 TLS 加密连接',
    todo: '核对双方的证书和受信任的签发机构；具体原因见提示',
  },
  COMMITMENT_UNREPORTED: {
    meaning: '设备询问影像是否已安全，但答复送不到设备',
    todo: '在配置中该设备的 dicom 下填写 host 和 port，用 ferry devices test 测试，再执行 ferry retry',
  },
  SPOOL_FILE_MISSING: {
    meaning: '已收下影像的文件不见了',
    todo: '查明是谁删除的；趁设备上还有，请从设备重发该检查',
  },
  STORAGE_FULL: {
    meaning: '磁盘已满，暂不接收新影像',
    todo: '腾出磁盘空间；切勿删除数据文件夹里的任何东西',
  },
  STORAGE_ERROR: {
    meaning: '磁盘或文件出错',
    todo: '检查磁盘、连线以及数据文件夹的权限，然后重启影渡',
  },
  ACCESS_DENIED: {
    meaning: '影渡无权使用所需的文件或文件夹',
    todo: '加 sudo 时，要访问数据目录的命令以服务用户的身份执行：请把该路径改归该用户（chown），或换一个它可以使用的路径；上一行写明了路径和所有者',
  },
  PATH_UNUSABLE: {
    meaning: '影渡需要文件或文件夹的位置上是别的东西',
    todo: '改正配置中的路径，或移走那里的东西',
  },
  STORE_MISSING: {
    meaning: '存放中心影像的磁盘不在，或者换成了另一块',
    todo: '挂载正确的磁盘；如磁盘已丢失或更换，执行 ferry-center store accept',
  },
  DATABASE_ERROR: {
    meaning: '影渡的数据库出错',
    todo: '检查磁盘及剩余空间，然后重启影渡',
  },
  DATABASE_DAMAGED: {
    meaning: '影渡的数据库已损坏',
    todo: '检查磁盘；前置机启动时会自动修复，中心端需从备份恢复 register.sqlite',
  },
  INDEX_REBUILT: {
    meaning: '队列索引损坏、丢失或过旧，已根据暂存区的封存文件重建',
    todo: '检查磁盘，切勿放回旧的数据库文件；然后运行 ferry retry 消除此提示',
  },
  DATABASE_NEWER: { meaning: '数据库由更新版本的影渡写成', todo: '重新安装新版本' },
  ALREADY_RUNNING: {
    meaning: '已有一个影渡在使用这个数据文件夹',
    todo: '先停止服务，或直接使用正在运行的',
  },
  FOLDER_NOT_PRIVATE: {
    meaning: '数据文件夹不归影渡独用',
    todo: '给影渡单独的文件夹，属主为服务用户，权限为 0700',
  },
  KEY_FILE_INVALID: {
    meaning: '密钥或密码文件缺失、无法读取、其他用户可读，或内容不对',
    todo: '从备份恢复，或更正其路径和权限（chmod 600）',
  },
  AGENT_KEY_LOST: {
    meaning: '本前置机的密钥文件缺失，而该数据文件夹曾经使用过',
    todo: '恢复 keys/agent.json；确已丢失时，向中心索取加入码，用 ferry join 加入码 --new-identity 生成新密钥',
  },
  DATA_FOLDER_CHANGED: {
    meaning: '数据文件夹不是本安装原来使用的那个，或者其中的密钥、登记库不见了',
    todo: '核对 dataFolder：挂载磁盘、改回原来的文件夹，或从备份恢复；没有新建或改动任何东西',
  },
  CERTIFICATE_EXPIRING: {
    meaning: 'DICOM TLS 证书即将到期、已到期或尚未生效',
    todo: '更换证书，放到 listener.tls.certificate 所指的位置，然后重启服务',
  },
  PAGE_CLOSED: {
    meaning: '状态页打不开；影像收发不受影响',
    todo: '停止占用端口的程序（影渡每 30 秒再试一次），或换一个端口（statusPage.port）后重启服务',
  },
  PORT_IN_USE: {
    meaning: '端口被其他程序占用，或影渡无权使用',
    todo: '停止该程序，或在配置中换一个端口；1024 以下需额外权限',
  },
  MEDIA_UNKNOWN: {
    meaning: '该文件不是影渡可接收的类型',
    todo: '请将设备改为输出 JPEG、PNG、PDF 或 H.264 编码的 MP4，或把该文件移出文件夹',
  },
  MEDIA_DAMAGED: {
    meaning: '文件不完整或已损坏',
    todo: '请在设备上打开该文件核对，再重新拷贝或重新导出',
  },
  MEDIA_TOO_LARGE: {
    meaning: '文件超过可封装的大小',
    todo: '请在设备上缩小尺寸或拆分为多个文件后重新导出',
  },
  IMAGE_PROGRESSIVE: {
    meaning: 'JPEG 为渐进式编码，DICOM 已不再支持',
    todo: '请在保存影像的软件中关闭“渐进式”（progressive），再重新保存',
  },
  IMAGE_CMYK: {
    meaning: '影像为印刷用的 CMYK 颜色',
    todo: '请另存为 RGB 后重新放入文件夹',
  },
  IMAGE_CODING: {
    meaning: '影像的编码方式无法封装',
    todo: '请另存为基线（baseline）JPEG、PNG 或未压缩的 TIFF 后重新放入文件夹',
  },
  IMAGE_ROTATED: {
    meaning: '影像需旋转后才是正向',
    todo: '请旋转并保存后重新放入，或将该文件夹设为 orientation: send',
  },
  VIDEO_CODEC: {
    meaning: '视频的编码方式没有对应的 DICOM 传输语法',
    todo: '请将设备改为录制 H.264 编码的 MP4',
  },
  VIDEO_PROFILE: {
    meaning: '视频的档次或级别没有对应的 DICOM 传输语法',
    todo: '请将设备设为 H.264 High 档次、级别不高于 4.2；Baseline 和 Main 也可设置 lowerProfiles: accept',
  },
  VIDEO_PIXELS: {
    meaning: '视频像素不是正方形，或尺寸不符合规定',
    todo: '请将设备设为 1920 × 1080 或 1280 × 720',
  },
  VIDEO_FRAMES: {
    meaning: '无法得知视频的帧数或帧率',
    todo: '请将设备改为录制普通 MP4 文件',
  },
  VIDEO_AUDIO: {
    meaning: '视频中声音的编码方式不符合 DICOM 规定',
    todo: '请在设备上关闭录音，或选择 AAC',
  },
  DOCUMENT_ENCRYPTED: {
    meaning: 'PDF 已加密',
    todo: '请让报告系统输出不加任何保护的 PDF',
  },
  DOCUMENT_FORM: {
    meaning: '文档缺少 DICOM 对该类型的必要内容',
    todo: 'CDA 请由生成系统补上 id；STL 请另存为二进制格式',
  },
  IDENTITY_UNUSABLE: {
    meaning: '医嘱中的患者信息或检查号含有 DICOM 不能保存的字符',
    todo: '请在开单系统中更正后再试',
  },
  CONFIG_INVALID: { meaning: '配置有错误', todo: '更正所列各行，然后执行 ferry config check' },
  ...COMMAND_FAILURES_IN_CHINESE,
  USAGE: { meaning: '命令用法不对', todo: '查看 --help' },
  INTERRUPTED: { meaning: '命令中途被停止', todo: '重新执行即可继续；已完成的部分保留' },
  LOG_MISSING: {
    meaning: '没有可显示的日志',
    todo: '在配置中设置 log.folder 后重新启动服务；手工启动的程序，日志在其终端里',
  },
  NOT_RUNNING: {
    meaning: '前置机程序没有运行',
    todo: '启动服务或执行 ferry run；并确认 --config 是它所用的配置文件',
  },
  NOT_ENROLLED: {
    meaning: '本前置机尚未加入任何中心',
    todo: '向中心索取加入码，然后执行 ferry setup 或 ferry join 加入码，并由中心核对指纹后批准',
  },
  ALREADY_JOINED: {
    meaning: '本前置机已经加入了中心，这个加入码没有使用',
    todo: '中心无误则不用处理；要改入另一个中心，请执行 ferry join 加入码',
  },
  CENTER_UNREACHABLE: {
    meaning: '连不上影像中心',
    todo: '检查本院的外网线路和防火墙；若其他机构也断了，请联系中心',
  },
  CENTER_NOT_TLS: {
    meaning: '中心地址上应答的程序没有 TLS',
    todo: '与中心管理员核对主机和端口：端口不对，或者应答的是代理或其他程序',
  },
  CENTER_BUSY: { meaning: '影像中心暂时太忙或空间不足', todo: '等待；若持续不好，请联系中心' },
  CENTER_ERROR: { meaning: '影像中心自身出错', todo: '请中心查看其日志' },
  CENTER_IDENTITY: {
    meaning: '在中心地址上应答的不是该中心',
    todo: '联系中心：可能其证书已更换、加入码属于另一个中心，或中间有代理服务器、防火墙拦截',
  },
  CENTER_REFUSED: { meaning: '影像中心拒绝本前置机发送的内容', todo: '联系中心；排除原因后执行 ferry retry' },
  CENTER_LIMIT: {
    meaning: '要发送的内容超过了中心或其前面代理服务器允许的长度',
    todo: '把此处显示的限制告知中心，由中心调大',
  },
  CENTER_PROXY: {
    meaning: '在中心地址上应答的不是中心本身，而是代理服务器、登录页面或跳转',
    todo: '联系中心或网络管理员：前置机必须能直接连到加入码中的中心地址',
  },
  CENTER_ANSWER_INVALID: { meaning: '影像中心的应答无法理解', todo: '核对双方的影渡版本' },
  CENTER_BEHIND: {
    meaning: '中心丢失了已收下或已签收的影像',
    todo: '告知中心；在中心补齐之前，本机不会删除任何影像',
  },
  CENTER_LOST: {
    meaning: '中心丢失了影像，而本机已没有副本',
    todo: '从设备或其存档重发该检查，并告知中心',
  },
  OTHER_CENTER: {
    meaning: '有影像是为本机原来所属的中心加密的，现在的中心无法解开',
    todo: '从设备重发这些检查；原中心的密钥或其恢复密钥可以解开封存文件',
  },
  KEY_LIST_OLDER: {
    meaning: '中心公布的密钥表比本机已知的旧',
    todo: '告知中心：它可能从备份恢复过，应找回最新的密钥',
  },
  TOKEN_TIME: { meaning: '本机时钟与中心相差太大', todo: '在本机开启时间同步（NTP）' },
  AGENT_UNKNOWN: {
    meaning: '中心不认识本前置机或这个指纹',
    todo: '核对指纹；新前置机或被中心遗忘的前置机需要加入码：ferry join 加入码',
  },
  AGENT_REVOKED: { meaning: '中心已停用本前置机', todo: '联系中心；中心重新允许之前，本机不会上传影像' },
  AGENT_CLONED: {
    meaning: '另一台电脑在使用本前置机的身份：数据文件夹被复制过',
    todo: '两台中只保留一台。另一台：等 ferry queue 为空后停止影渡，把数据文件夹移走，再用新的加入码加入：ferry join 加入码 --new-identity',
  },
  JOIN_CODE_INVALID: {
    meaning: '加入码无效',
    todo: '与中心给的加入码核对并完整输入，或向中心索取新的加入码',
  },
  SIGNATURE_INVALID: { meaning: '签名不是由应有的密钥所签', todo: '联系中心；影渡不会据此删除任何影像' },
  DIGEST_MISMATCH: {
    meaning: '数据在途中或磁盘上发生了变化',
    todo: '偶尔一次无需处理，会自动重发；若反复出现，请检查双方机器的内存和磁盘',
  },
  MANIFEST_INVALID: { meaning: '检查清单无法读取', todo: '连同日志上报；不会因此删除任何影像' },
  RECEIPT_INVALID: { meaning: '中心的回执无法读取', todo: '核对双方的影渡版本；不会因此删除任何影像' },
  RECEIPT_MISMATCH: { meaning: '中心的回执与所发影像不符', todo: '立即联系中心；不会因此删除任何影像' },
  PACK_INVALID: { meaning: '影像包无法读取', todo: '连同日志上报；不会因此删除任何影像' },
  PACK_DAMAGED: {
    meaning: '影像包在传到中心磁盘的途中损坏',
    todo: '无需处理，会自动重发；如经常出现，请检查中心的磁盘',
  },
  INSTANCE_REFUSED: { meaning: '中心不能接收这幅影像', todo: '向中心询问原因；排除后执行 ferry retry' },
  PACS_UNREACHABLE: {
    meaning: '连不上 PACS，或 PACS 暂时不能保存影像',
    todo: '检查 PACS 是否运行及配置中的地址；会自动重试',
  },
  PACS_ADDRESS: {
    meaning: 'PACS 地址上应答的不是影像存储服务',
    todo: '检查 center.yaml 中的 pacs.url，以及 PACS 前面的代理服务器或网关；会自动重试',
  },
  PACS_DENIED: {
    meaning: 'PACS 不允许中心访问',
    todo: '检查 center.yaml 中 pacs 的用户名、密码或令牌，以及该用户的权限；会自动重试',
  },
  PACS_REFUSED: {
    meaning: 'PACS 不接收某幅影像',
    todo: '查看 PACS 日志；排除原因后执行 ferry-center retry',
  },
  ORDERS_UNREACHABLE: {
    meaning: '提供申请单的系统没有应答',
    todo: '检查该系统是否在运行、配置 orders 中的地址和端口、网络；期间使用已有的申请单。ferry orders test 名称 可立即查询',
  },
  ORDERS_REFUSED: {
    meaning: '提供申请单的系统拒绝查询，或其连接被影渡拒绝',
    todo: '核对双方的 AE Title、用户名、密码或令牌，该系统是否登记了本机，以及 HL7 来源的 addresses；然后运行 ferry orders test 名称',
  },
  ORDERS_INVALID: {
    meaning: '提供申请单的系统的应答不是可读的申请单',
    todo: '将应答与配置中该来源的 records、fields 对照；ferry orders test 名称 会显示发现的问题',
  },
  MESSAGE_INVALID: {
    meaning: '有 HL7 消息无法理解',
    todo: '把 ferry orders 显示的内容告知 RIS 工程师：发送方已收到带同样说明的 AR',
  },
  ORDERS_NOT_KEPT: {
    meaning: '申请单无法保存在本机：没有用于封存的密钥',
    todo: '为服务提供显示密钥（见 docs/operations.md 中关于 ferry study 姓名的一节），然后重启影渡',
  },
  REPORT_UNASSIGNED: {
    meaning: '通过 HL7 收到报告，但不知道它属于哪个检查',
    todo: '让 RIS 在报告之前发送申请单（含检查 UID），或把工作列表加为来源；发送方已收到 AE，报告仍在发送方',
  },
  INTERNAL: { meaning: '影渡自身出错', todo: '连同日志上报；重启可能有效' },
}
