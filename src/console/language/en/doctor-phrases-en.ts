/** The texts of `doctor`. A fault has a second text, its cure. */
export const DOCTOR_ENGLISH = {
  'doctor.about':
    'look for faults: configuration, rights, disk, ports, line, center; each with cause and cure',
  'centerDoctor.about':
    'look for faults: configuration, rights, disk, port, keys, PACS; each with cause and cure',
  'doctor.echo': 'also send C-ECHO to every listed device that has an address under dicom',
  'doctor.result.good': 'No fault found ({notes} {notes:remark|remarks})',
  'doctor.result.bad': '{bad} {bad:fault needs|faults need} you ({notes} {notes:remark|remarks})',
  'doctor.line': '{check}: {found}',
  'doctor.access.todo':
    'give the path back to the user of the service with the command above, then run doctor again',
  'doctor.check.runtime': 'Runtime',
  'doctor.check.swap': 'Swap',
  'doctor.check.coreDumps': 'Core dumps',
  'doctor.check.config': 'Configuration',
  'doctor.check.configFiles': 'Files that it names',
  'doctor.check.configMode': 'Rights to the configuration',
  'doctor.check.rest': 'Other checks',
  'doctor.check.user': 'User',
  'doctor.check.owners': 'Owners of the data',
  'doctor.check.service': 'Service',
  'doctor.check.dicomPort': 'DICOM port',
  'doctor.check.dicomTlsPort': 'DICOM port with TLS',
  'doctor.check.hl7Port': 'HL7 port',
  'doctor.check.pagePort': 'Port of the status page',
  'doctor.check.httpsPort': 'HTTPS port',
  'doctor.check.firewall': 'Firewall',
  'doctor.check.log': 'Log',
  'doctor.check.dataFolder': 'Data folder',
  'doctor.check.keys': 'Keys',
  'doctor.check.lock': 'Lock of the data folder',
  'doctor.check.running': 'Running program',
  'doctor.check.ownEcho': 'C-ECHO to the agent',
  'doctor.check.disk': 'Disk',
  'doctor.check.index': 'Index',
  'doctor.check.spool': 'Spool',
  'doctor.check.folders': 'Watched folders',
  'doctor.check.orders': 'Orders',
  'doctor.check.proxy': 'Proxy',
  'doctor.check.centerName': 'Name of the center',
  'doctor.check.centerTcp': 'Way to the center',
  'doctor.check.tls': "TLS and the center's key",
  'doctor.check.clock': 'Clock',
  'doctor.check.membership': 'Membership',
  'doctor.check.version': 'Version of the center',
  'doctor.check.identity': 'Identity',
  'doctor.check.devices': 'Devices',
  'doctor.check.certificate': 'Certificate',
  'doctor.check.publicName': 'Name in join codes',
  'doctor.check.publicTcp': 'Address in join codes',
  'doctor.check.pacsName': 'Name of the PACS',
  'doctor.check.pacsTcp': 'Way to the PACS',
  'doctor.good.runtime': 'Node {node}, glibc {glibc}, SQLite through {sqlite}',
  'doctor.good.swap': 'the memory of the service is not swapped out',
  'doctor.good.coreDumps': 'off',
  'doctor.good.config': '{file} has no mistakes',
  'doctor.good.configFiles': 'all are there and readable',
  'doctor.good.configMode': 'only its owner can change it',
  'doctor.good.user': 'the service uses {user}; this runs as {own}',
  'doctor.good.owners': 'all of it belongs to {user}',
  'doctor.good.folder': '{name}: {path} is there, and the service has the rights that it needs',
  'doctor.source': '{name}: {found}',
  'doctor.good.orderSource': '{name} answers, with {count} {count:order|orders}',
  'doctor.good.service': '{unit} runs and starts with this machine (restarts: {restarts})',
  'doctor.good.windowsService': '{name} runs and starts with Windows',
  'doctor.good.doorOpen': '{name} listens on {host}:{port}',
  'doctor.good.doorFree': '{host}:{port} is free',
  'doctor.good.firewallOpen': '{by} lets port {port} in',
  'doctor.good.firewallNone': 'none is active on this machine for port {port}',
  'doctor.good.logStream': 'to the journal, or to standard error; {program} logs shows it',
  'doctor.good.logFolder': '{folder} can be written to',
  'doctor.good.dataFolder': '{folder} can be used and is private',
  'doctor.good.keys': 'whole; fingerprint {fingerprint}',
  'doctor.good.lock': 'held by the running program ({name}, pid {pid})',
  'doctor.good.running': 'version {version}, all is well',
  'doctor.good.center': 'all is well, {instances} {instances:instance|instances}',
  'doctor.good.ownEcho': '{peer} answers',
  'doctor.good.disk': '{free} free, {reserve} are kept in reserve. {contents}',
  'doctor.good.index': 'readable and whole (schema {schema})',
  'doctor.good.spool': 'all {present} sealed images of the index are there ({files} in all)',
  'doctor.good.proxy': 'none is set in this environment',
  'doctor.good.name': '{host} is {addresses}',
  'doctor.good.nameIsAddress': '{host} is an address, no name is looked up',
  'doctor.good.tcp': '{host}:{port} accepts connections',
  'doctor.good.tls': '{url} is the center that this agent joined',
  'doctor.good.clock': "{seconds} s from the center's",
  'doctor.good.membership': '{name} serves this agent',
  'doctor.good.version': '{center}, the same as here',
  'doctor.good.identity': "no other machine uses this agent's key",
  'doctor.good.devices': '{count} listed, {reachable} with an address to test (--echo)',
  'doctor.good.deviceAnswers': '{device} ({peer}) answers C-ECHO',
  'doctor.good.certificate': 'valid until {until}',
  'doctor.note.gb18030': '{file} is not UTF-8 and was read as GB18030: save it as UTF-8',
  'doctor.note.swapOn':
    'swap is on ({swaps}): parts of images can reach the disk in clear. MemorySwapMax=0 in the unit, or encrypted swap, prevents that',
  'doctor.note.coreDumpsOn':
    'on. Ferry leaves its memory out of them; LimitCORE=0 in the unit switches them off',
  'doctor.note.notExamined': 'not examined until the configuration has no mistakes',
  'doctor.note.otherUser':
    'the service uses {user}; this runs as {own} and sees less. For the whole picture: sudo {program} doctor',
  'doctor.note.notSeen':
    '{folder} cannot be seen from here: {reason}. For the whole picture: sudo {program} doctor',
  'doctor.note.noSystemd': 'this machine has no systemd that answers: the service cannot be seen from here',
  'doctor.note.byHand':
    'there is no service {unit}: the program was started by hand, and does not start with this machine',
  'doctor.note.serviceUnseen': 'the service manager of Windows does not answer this user',
  'doctor.note.firewallUnseen':
    '{by} does not show its rules to this user, so it is not known whether it lets port {port} in: sudo {program} doctor',
  'doctor.note.firewallUnseenWindows':
    'Windows did not tell the rules of its firewall, so it is not known whether it lets port {port} in: as administrator: {program} doctor',
  'doctor.note.logUnseen':
    "{folder} is the service's; whether it can be written to is not visible to this user",
  'doctor.note.noDataFolder': '{folder} does not exist yet',
  'doctor.note.ordersInMemory':
    'displayNames: off: orders are in memory only, and after a restart each source is asked again',
  'doctor.note.arrivalUnseen':
    'not examined: this user has other rights than the user of the service: sudo {program} doctor',
  'doctor.note.noQueue': 'there is none yet: the agent has not run in this folder',
  'doctor.note.spoolUnknown':
    '{count} {count:file is|files are} not in the index, as after a power cut; the next start takes them in',
  'doctor.note.plainClosed': 'not sent: the port without TLS is closed (listener.plain: off)',
  'doctor.note.noDevices': 'none is listed: every device is turned away until it is approved (ferry devices)',
  'doctor.note.proxySet':
    '{names} is set in this environment. Ferry does not use it: it connects to {center} directly, and the network must allow that',
  'doctor.note.otherVersion':
    'the center runs {center}, this agent {own}; they understand each other. Install the newer one on both',
  'doctor.note.publicUnseen':
    '{url} cannot be reached from here. Behind a router that is usual: try it from a clinic',
  'doctor.note.doorUnseen': 'port {port} is in use; whether by the service is not visible to this user',
  'doctor.fault.nodeOld': 'Node {node} is too old; {needed} or newer is needed',
  'doctor.fault.nodeOld.todo':
    'install Ferry from its package, which brings its own Node, or run it by npm scripts',
  'doctor.fault.configMissing': '{file} does not exist',
  'doctor.fault.configMissing.todo': 'name the file with --config, or write a new one with init',
  'doctor.fault.configWrong': '{file} has mistakes:\n{problems}',
  'doctor.fault.configWrong.todo': 'correct the lines named above, then: {program} config check',
  'doctor.fault.configFiles': 'a file cannot be used:\n{problems}',
  'doctor.fault.configFiles.todo':
    'bring the file back, correct its path, or let the user of the service read it',
  'doctor.fault.configWritable': 'other users can change {file} (mode {mode})',
  'doctor.fault.configWritable.todo': 'chmod 644 {file}, and look whether its content is what you wrote',
  'doctor.fault.configUnreadable': '{user}, the user of the service, cannot read {file}',
  'doctor.fault.configUnreadable.todo': 'chmod 644 {file}, and chmod 755 its folder',
  'doctor.fault.foreignOwner':
    '{count} {count:file belongs|files belong} to {owner}, and the service uses {user}; the first is {first}',
  'doctor.fault.foreignOwner.todo':
    'sudo chown -R {user}: {folder}   (a command was probably run with sudo once)',
  'doctor.fault.folderOpen': 'other users can look into {folder} (mode {mode})',
  'doctor.fault.folderOpen.todo': 'chmod 700 {folder}',
  'doctor.fault.lockedSilent': '{name} (pid {pid}) holds {folder} and does not answer',
  'doctor.fault.lockedSilent.todo':
    'if it has just started, wait for a minute; otherwise end this program and start the service again',
  'doctor.fault.serviceUnknown':
    'systemd does not know {unit}, and the program does not run: nothing starts it',
  'doctor.fault.serviceUnknown.todo': 'install the package, or start the program with: {program} run',
  'doctor.fault.serviceMasked': '{unit} is masked, so it can never start',
  'doctor.fault.serviceMasked.todo': 'sudo systemctl unmask {unit} && sudo systemctl enable --now {unit}',
  'doctor.fault.serviceBroken': 'systemd cannot load {unit} ({load})',
  'doctor.fault.serviceBroken.todo':
    'systemctl status {unit} shows the line that is wrong; install the package again if it was edited',
  'doctor.fault.serviceFailed': '{unit} failed: {result}, exit code {exitStatus}, {restarts} restarts',
  'doctor.fault.serviceFailed.todo':
    '{program} logs -n 50 shows why; remove the cause, then: sudo systemctl restart {unit}',
  'doctor.fault.serviceStopped': '{unit} does not run ({active})',
  'doctor.fault.serviceStopped.todo': 'sudo systemctl start {unit}',
  'doctor.fault.serviceDisabled': '{unit} does not start with this machine',
  'doctor.fault.serviceDisabled.todo': 'sudo systemctl enable {unit}',
  'doctor.fault.windowsServiceAbsent':
    'Windows has no service of Ferry, and the program does not run: nothing starts it',
  'doctor.fault.windowsServiceAbsent.todo':
    'run the installer again, or start the program with: {program} run',
  'doctor.fault.windowsServiceDisabled': 'the service {name} is disabled',
  'doctor.fault.windowsServiceDisabled.todo':
    'as administrator: sc config {name} start= delayed-auto && net start {name}',
  'doctor.fault.windowsServiceStopped': 'the service {name} does not run',
  'doctor.fault.windowsServiceStopped.todo':
    'as administrator: net start {name}; the Event Log has the reason for its last end',
  'doctor.fault.windowsServiceManual': 'the service {name} does not start with Windows',
  'doctor.fault.windowsServiceManual.todo': 'as administrator: sc config {name} start= delayed-auto',
  'doctor.fault.portTaken': 'port {port} is used by another program: {name} (pid {pid})',
  'doctor.fault.portTaken.todo':
    'end that program, or set another port in the configuration and at the other side',
  'doctor.fault.portTakenUnseen': 'port {port} is used by another program, which this user may not see',
  'doctor.fault.portTakenUnseen.todo': 'sudo {program} doctor names it; end it, or set another port',
  'doctor.fault.portDenied': 'this user may not listen on port {port}: ports below 1024 need a right',
  'doctor.fault.portDenied.todo':
    'use 11112, or give the service the right: AmbientCapabilities=CAP_NET_BIND_SERVICE in {unit}',
  'doctor.fault.noSuchAddress': '{host} is not an address of this machine',
  'doctor.fault.noSuchAddress.todo':
    'set listener.host (center: listen.host) to 0.0.0.0 or to an address of this machine',
  'doctor.fault.portFails': '{host}:{port} cannot be opened: {reason}',
  'doctor.fault.portFails.todo': 'look at host and port in the configuration',
  'doctor.fault.firewallShut': '{by} has no rule that lets port {port} in',
  'doctor.fault.firewallShut.todo': 'as administrator: {command}',
  'doctor.fault.logNoFolder': 'log.folder is {folder}, and {there} is a file',
  'doctor.fault.logNoFolder.todo': 'set log.folder to a folder, or leave it out',
  'doctor.fault.logDenied':
    'log files cannot be written to {folder}: {there} may not be changed by this user',
  'doctor.fault.logDenied.todo':
    'give the folder to the user of the service (chown), or set another log.folder',
  'doctor.fault.spoolMissing':
    '{count} sealed {count:image is|images are} missing in {folder}, and the index expects {count:it|them}: {shown}',
  'doctor.fault.spoolMissing.todo':
    'bring the files back if they were moved; otherwise send the studies again from the device (ferry queue after the next start)',
  'doctor.fault.nameUnknown': 'the name {host} is not found ({reason})',
  'doctor.fault.nameUnknown.todo': 'look at the DNS server of this machine, and at the spelling of the name',
  'doctor.fault.tcpRefused': '{host} is there, and nothing listens on port {port}',
  'doctor.fault.tcpRefused.todo':
    'ask its operator whether the service runs, and whether {port} is the right port',
  'doctor.fault.tcpSilent': '{host}:{port} does not answer: a firewall on the way, or a machine that is off',
  'doctor.fault.tcpSilent.todo':
    'let this machine connect to {host} port {port} (outgoing TCP) in the firewall of your network',
  'doctor.fault.tcpNoWay': 'this machine has no way to {host} ({reason})',
  'doctor.fault.tcpNoWay.todo': 'look at the network cable, the VPN and the gateway of this machine',
  'doctor.fault.tcpFails': '{host}:{port} cannot be connected to: {reason}',
  'doctor.fault.tcpFails.todo': 'look at the network of this machine',
  'doctor.fault.folderMissing': '{name}: {path} does not exist',
  'doctor.fault.folderMissing.todo':
    'connect the disk or share on which it is, make the folder, or correct its path in the configuration',
  'doctor.fault.folderIsFile': '{name}: {path} is not a folder',
  'doctor.fault.folderIsFile.todo': 'correct its path in the configuration',
  'doctor.fault.folderUnread': '{name}: {path} cannot be read: {reason}',
  'doctor.fault.folderUnread.todo': 'let the user of the service read and enter the folder',
  'doctor.fault.folderReadOnly':
    '{name}: the service may not change {path}, so taken files can be neither moved nor deleted',
  'doctor.fault.folderReadOnly.todo':
    'let the user of the service write to the folder, or set afterwards: keep',
  'doctor.fault.folderElsewhere':
    '{name}: {target} is on another disk than {path}: no file can be moved there',
  'doctor.fault.folderElsewhere.todo': 'set moveTo to a folder on the same disk',
  'doctor.fault.deviceSilent': '{device} ({peer}) does not answer C-ECHO: {reason}',
  'doctor.fault.deviceSilent.todo':
    'look whether the device is on, and compare host, port and AE title under dicom with its own settings',
  'doctor.fault.otherCertificate':
    'the port shows another certificate than the keys in the data folder: another program, or another center, answers there',
  'doctor.fault.otherCertificate.todo':
    'end the other program, or restart {unit} if the certificate was just changed',
  'doctor.fault.certificateEnds': 'the certificate ends on {until}',
  'doctor.fault.certificateEnds.todo':
    'get a new certificate, announce its key with ferry-center keys tls-next, then put it in place',
} as const
