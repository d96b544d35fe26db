"""A DICOM peer made with Odil, whose DIMSE and codecs are its own. Prints what happens as JSON, one event a line.

odil-peer.py scu PORT FILE   stores, keeps a procedure step, asks for commitment and waits for the report
odil-peer.py scp PORT        takes one association and answers whatever comes, until its release
"""
import json
import sys

import odil

UID = odil.registry
COMMITMENT = UID.StorageCommitmentPushModel
COMMITMENT_INSTANCE = UID.StorageCommitmentPushModelInstance
MPPS = UID.ModalityPerformedProcedureStep
STEP = "1.2.826.0.1.3680043.2.1.77"
TRANSACTION = "1.2.826.0.1.3680043.2.1.78"
NO_DATA_SET, DATA_SET = 0x0101, 0x0001
N_EVENT_REPORT, N_SET, N_ACTION, N_CREATE = 0x0100, 0x0120, 0x0130, 0x0140
C_STORE, C_ECHO, RESPONSE = 0x0001, 0x0030, 0x8000


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def data_set(**elements):
    result = odil.DataSet()
    for name, value in elements.items():
        result.add(name, value)
    return result


def text(elements, name):
    return elements.as_string(name)[0].decode() if elements.has(name) else None


def number(elements, name):
    return elements.as_int(name)[0]


def exchange(association, abstract_syntax, command, body):
    """Sends a request that is made here, element by element, and answers the response's status."""
    command.add("MessageID", [association.next_message_id()])
    command.add("CommandDataSetType", [DATA_SET])
    association.send_message(odil.messages.Message(command, body), abstract_syntax)
    return number(association.receive_message().get_command_set(), "Status")


def respond(association, abstract_syntax, request, **more):
    response = data_set(
        CommandField=[number(request, "CommandField") | RESPONSE],
        MessageIDBeingRespondedTo=[number(request, "MessageID")],
        CommandDataSetType=[NO_DATA_SET],
        Status=[0],
        **more,
    )
    association.send_message(odil.messages.Message(response), abstract_syntax)


def scu(port, path):
    with odil.open(path) as stream:
        header, instance = odil.Reader.read_file(stream)
    sop_class = text(instance, "SOPClassUID")
    syntax = text(header, "TransferSyntaxUID")
    role = odil.AssociationParameters.PresentationContext.Role.SCU
    syntaxes = [UID.ImplicitVRLittleEndian]
    association = odil.Association()
    association.set_peer_host("127.0.0.1")
    association.set_peer_port(port)
    association.update_parameters().set_calling_ae_title("ODIL").set_called_ae_title(
        "FERRY"
    ).set_presentation_contexts(
        [
            odil.AssociationParameters.PresentationContext(1, UID.Verification, syntaxes, role),
            odil.AssociationParameters.PresentationContext(3, sop_class, [syntax], role),
            odil.AssociationParameters.PresentationContext(5, MPPS, syntaxes, role),
            odil.AssociationParameters.PresentationContext(7, COMMITMENT, syntaxes, role),
        ]
    )
    association.associate()
    odil.EchoSCU(association).echo()
    tell("echo")
    store = odil.StoreSCU(association)
    store.set_affected_sop_class(sop_class)
    store.store(instance)
    tell("store", instance=text(instance, "SOPInstanceUID"))

    step = data_set(AffectedSOPClassUID=[MPPS], AffectedSOPInstanceUID=[STEP], CommandField=[N_CREATE])
    tell("create", status=exchange(association, MPPS, step, data_set(PerformedProcedureStepStatus=["IN PROGRESS"])))
    step = data_set(RequestedSOPClassUID=[MPPS], RequestedSOPInstanceUID=[STEP], CommandField=[N_SET])
    made = data_set(ReferencedSOPClassUID=[sop_class], ReferencedSOPInstanceUID=[text(instance, "SOPInstanceUID")])
    series = data_set(SeriesInstanceUID=[text(instance, "SeriesInstanceUID")], ReferencedImageSequence=[made])
    ended = data_set(PerformedProcedureStepStatus=["COMPLETED"], PerformedSeriesSequence=[series])
    tell("set", status=exchange(association, MPPS, step, ended))

    action = data_set(
        RequestedSOPClassUID=[COMMITMENT],
        RequestedSOPInstanceUID=[COMMITMENT_INSTANCE],
        ActionTypeID=[1],
        CommandField=[N_ACTION],
    )
    wanted = data_set(
        ReferencedSOPClassUID=[sop_class], ReferencedSOPInstanceUID=[text(instance, "SOPInstanceUID")]
    )
    asked = data_set(TransactionUID=[TRANSACTION], ReferencedSOPSequence=[wanted])
    tell("action", status=exchange(association, COMMITMENT, action, asked))
    answer_next(association)
    association.release()
    tell("released")


def scp(port):
    association = odil.Association()
    association.set_tcp_timeout(30)
    tell("listening")
    association.receive_association("v4", port)
    try:
        while True:
            answer_next(association)
    except odil.AssociationReleased:
        tell("released")


def answer_next(association):
    message = association.receive_message()
    request = message.get_command_set()
    field = number(request, "CommandField")
    body = message.get_data_set() if message.has_data_set() else odil.DataSet()
    if field == C_ECHO:
        tell("echo")
        return respond(association, UID.Verification, request)
    if field == N_EVENT_REPORT:
        instances = [text(item, "ReferencedSOPInstanceUID") for item in body.as_data_set("ReferencedSOPSequence")]
        event = number(request, "EventTypeID")
        tell("report", type=event, transaction=text(body, "TransactionUID"), instances=instances)
        return respond(association, COMMITMENT, request, AffectedSOPClassUID=[COMMITMENT])
    name = "RequestedSOPClassUID" if field in (N_SET, N_ACTION) else "AffectedSOPClassUID"
    sop_class = text(request, name)
    known = {C_STORE: "store", N_CREATE: "create", N_SET: "set", N_ACTION: "action"}
    tell(known[field], sopClass=sop_class, elements=sorted(str(tag) for tag in body.keys()))
    respond(association, sop_class, request, AffectedSOPClassUID=[sop_class])


if sys.argv[1] == "scu":
    scu(int(sys.argv[2]), sys.argv[3])
else:
    scp(int(sys.argv[2]))
