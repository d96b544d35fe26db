/** The texts of `ferry devices`, and about devices elsewhere. */
export const DEVICE_ENGLISH = {
  'devices.about':
    'devices: which are accepted, which were turned away and why, and the last instance of each',
  'devices.aet': 'calling AE title of the device, as ferry devices shows it',
  'devices.device': 'name or AE title of the device',
  'devices.approve.about': 'accept a device: writes it to the configuration, with immediate effect',
  'devices.approve.kind': 'CT, MR, DR, US, …',
  'devices.approve.name': 'name of the device for people; default: its AE title',
  'devices.approve.address': 'accept it only from this address or network; may be repeated',
  'devices.approve.listed': '{aeTitle} is listed already; --address accepts it from one more address',
  'devices.approve.done': '{name} is accepted.',
  'devices.approve.unfit':
    '{aeTitle} cannot be accepted ({fault}): an AE title is 1 to 16 characters of ASCII without backslash (PS3.5 §6.2); set a valid one on the device',
  'devices.approve.still':
    'With its settings of the last call, {device} is still turned away: {what}. {todo}',
  'devices.remove.about': 'remove a device from the list; its instances stay',
  'devices.remove.done': '{name} is no longer listed.',
  'devices.remove.forgotten':
    '{device} was not on the list. It is no longer shown, and is still turned away; if it calls again, it is shown again. To ignore it permanently: {ignore}',
  'devices.ignore.about': 'hide a caller that is not listed from the status; it is still turned away',
  'devices.unignore.about': 'show a caller again that was ignored',
  'devices.caller': 'AE title of the caller, or AET@ADDRESS, as ferry devices shows it',
  'devices.ignore.done': '{device} is ignored: ferry devices still shows it, ferry status does not.',
  'devices.ignore.listed':
    '{device} is listed, and a listed device cannot be ignored. Correct the cause, or take it off the list: ferry devices remove',
  'devices.ignore.blank': 'A caller without an AE title can be ignored at one address only: @ADDRESS',
  'devices.unignore.done': '{device} is no longer ignored.',
  'devices.unignore.none': '{device} was not ignored: ferry devices shows which callers are',
  'devices.notListed':
    '{device} is not listed and has not called, or the name fits more than one: ferry devices shows the names',
  'devices.otherFile':
    '{file} was changed, and the running agent reads another file: stop and start it with --config {file}',
  'devices.applied': 'Written to {file}; the agent now uses it.',
  'devices.fileOnly': 'Written to {file}. The agent is not running: it uses this when it starts.',
  'devices.lastSent': 'last sent from {address}: {sopClass}, {transferSyntax}, {at}',
  'devices.lastCalled': 'last called from {address}: {at}; it has sent no instance yet',
  'devices.proposal':
    'it calls {called} and offers {sopClasses} in {transferSyntaxes}; its software: {implementation}',
  'devices.test.about': 'C-ECHO to a device, and its last instance',
  'devices.test.answers': '{device} answers ({peer}, {ms} ms)',
  'devices.test.silent': '{device} does not answer ({peer}): {reason}',
  'devices.test.noAddress':
    '{device} cannot be called: its own address is not configured. Add dicom: {host: …, port: …} to it in the configuration',
  'devices.test.notListed': '{device} cannot be called: it is not listed. {approve}',
  'devices.test.neverSeen': 'It has never called.',
  'devices.test.notRunning': 'Only the agent knows its last instance, and the agent is not running.',
  'device.known': 'known',
  'device.pending': 'PENDING',
  'device.refused': 'REFUSED',
  'device.ignored': 'ignored',
  'device.unnamed': 'no name',
  'aeTitle.blank': 'it is blank',
  'aeTitle.control': 'it contains control characters',
  'aeTitle.backslash': 'it contains a backslash',
  'aeTitle.foreign': 'it contains characters outside ASCII',
  'aeTitle.long': 'it is longer than 16 characters',
  'device.todo.unfit':
    'this AE title cannot be accepted ({fault}, see PS3.5 §6.2): set one of 1 to 16 letters and digits on the device; if it does not belong here: {ignore}',
  'device.todo.orIgnore': '; if it does not belong here: {ignore}',
  'device.problem.unknown': 'not listed, and turned away',
  'device.todo.unknown': 'if it belongs here: {approve}; if not: {ignore}',
  'device.problem.address': 'turned away: it calls from {address}, and is listed only with {detail}',
  'device.todo.address': 'if it has moved: {approve}; if not, another machine uses its AE title',
  'device.problem.called': 'turned away: it called {called}, but only {detail} is answered here',
  'device.todo.called':
    'set the called AE title on the device to one that is answered, or add {called} to calledAeTitles of the device',
  'device.problem.request': 'turned away: {detail}',
  'device.todo.request':
    'the device, or a network in between, breaks the DICOM protocol: show this sentence to its service engineer; newer software may help',
  'device.problem.contexts': 'some presentation contexts that it proposes were refused: {detail}',
  'device.todo.contexts': 'the rest is served; show this sentence to the service engineer of the device',
  'device.problem.foreign': 'a program there does not speak DICOM: {detail}',
  'device.todo.foreign':
    'find the program at this address that calls the port of Ferry, and correct its settings',
  'device.problem.silent': 'a program there connected without a request: {detail}',
  'device.todo.silent':
    'nothing to do if monitoring, a port scan or a connection test runs there; if a device should send from there, look at its DICOM settings',
  'device.problem.limit': 'turned away for now: {detail}',
  'device.todo.limit':
    'close associations that were left open, or raise limits.associations and associationsPerPeer',
  'device.problem.storage': 'turned away for now: {detail}',
  'device.todo.storage': 'see ferry status; it is accepted again by itself',
  'device.problem.unjoined': 'its images were turned away for now: the agent had not joined a center',
  'device.todo.unjoined':
    'let the agent join (ferry setup), then send the images again from the device; its connection test works before that',
  'device.problem.nothing': 'accepted, but Ferry supports nothing that it proposes',
  'device.todo.nothing':
    'check on the device which service is set up for Ferry: it should be storage (C-STORE)',
  'device.problem.aborted': 'its association ended early: {detail}',
  'device.todo.aborted':
    "look at the network and at the device's own log; the device must send again every instance that was not answered with success",
  'device.problem.instance': 'an instance was refused: {detail}',
  'device.todo.instance': 'look at the log of the agent',
  'device.problem.plain': 'turned away: it must use TLS, but called the port without TLS',
  'device.todo.plain':
    'set the device to TLS and to the port of listener.tls; if it was not this device, another one used its AE title',
  'device.problem.certificate': 'turned away: its certificate is not the listed one: {detail}',
  'device.todo.certificate':
    'if the device has a new certificate, write its name or SHA-256 under certificate; otherwise another device used its AE title',
  'device.problem.tls': 'cannot connect: {detail}',
  'device.todo.tls':
    'compare the TLS settings of the device with those of this listener: port, certificate, certificate authority',
} as const
