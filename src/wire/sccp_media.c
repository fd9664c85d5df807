/* sccp_media: layouts of the messages that open, describe and close streams. */
#include "wire/sccp_layout.h"

static const struct sccp_field open_receive_channel[] = {
    {U32(open_receive_channel.conference)},
    {U32(open_receive_channel.party)},
    {U32(open_receive_channel.packet_ms)},
    {U32(open_receive_channel.codec)},
    {U32(open_receive_channel.echo_cancellation)},
    {U32(open_receive_channel.codec_parameters)},
    {U32(open_receive_channel.call)},
    {KEYS(open_receive_channel.keys)},
    {U32(open_receive_channel.stream)},
    {U32(open_receive_channel.associated_stream)},
    {U32(open_receive_channel.dtmf_payload)},
    {U32(open_receive_channel.dtmf_type)},
    {U32(open_receive_channel.mixing_mode), SINCE(11)},
    {U32(open_receive_channel.direction), SINCE(11)},
    {IPV4(open_receive_channel.source), SINCE(11), UNTIL(16)},
    {ADDRESS(open_receive_channel.source), SINCE(17)},
    {U32(open_receive_channel.source_port), SINCE(11)},
    {U32(open_receive_channel.requested_address_type), SINCE(17)},
    {U32(open_receive_channel.audio_level_adjustment), SINCE(22)},
    {BYTES(open_receive_channel.latent_capabilities, 36), SINCE(22)},
};

static const struct sccp_field start_media_transmission[] = {
    {U32(start_media_transmission.conference)},
    {U32(start_media_transmission.party)},
    {IPV4(start_media_transmission.remote), UNTIL(16)},
    {ADDRESS(start_media_transmission.remote), SINCE(17)},
    {U32(start_media_transmission.remote_port)},
    {U32(start_media_transmission.packet_ms)},
    {U32(start_media_transmission.codec)},
    {U32(start_media_transmission.precedence)},
    {U32(start_media_transmission.silence_suppression)},
    {U16(start_media_transmission.max_frames)},
    {PADDING(2)},
    {U32(start_media_transmission.codec_parameters)},
    {U32(start_media_transmission.call)},
    {KEYS(start_media_transmission.keys)},
    {U32(start_media_transmission.stream)},
    {U32(start_media_transmission.associated_stream)},
    {U32(start_media_transmission.dtmf_payload)},
    {U32(start_media_transmission.dtmf_type)},
    {U32(start_media_transmission.mixing_mode)},
    {U32(start_media_transmission.direction)},
    {BYTES(start_media_transmission.latent_capabilities, 36), SINCE(22)},
};

static const struct sccp_field open_receive_channel_ack[] = {
    {U32(media_ack.status)},
    {IPV4(media_ack.address), UNTIL(16)},
    {ADDRESS(media_ack.address), SINCE(17)},
    {U32(media_ack.port)},
    {U32(media_ack.party)},
    {U32(media_ack.call)},
};

static const struct sccp_field start_media_transmission_ack[] = {
    {U32(media_ack.conference)},
    {U32(media_ack.party)},
    {U32(media_ack.call)},
    {IPV4(media_ack.address), UNTIL(16)},
    {ADDRESS(media_ack.address), SINCE(17)},
    {U32(media_ack.port)},
    {U32(media_ack.status)},
};

static const struct sccp_field media_transmission_failure[] = {
    {U32(media_ack.conference)},
    {U32(media_ack.party)},
    {IPV4(media_ack.address), UNTIL(16)},
    {ADDRESS(media_ack.address), SINCE(17)},
    {U32(media_ack.port)},
    {U32(media_ack.call)},
};

static const struct sccp_field end_media[] = {
    {U32(end_media.conference)},
    {U32(end_media.party)},
    {U32(end_media.call)},
    {U32(end_media.port_handling)},
};

static const struct sccp_field media_failure_detection[] = {
    {U32(media_failure_detection.conference)},
    {U32(media_failure_detection.party)},
    {U32(media_failure_detection.packet_ms)},
    {U32(media_failure_detection.codec)},
    {U32(media_failure_detection.echo_cancellation)},
    {U32(media_failure_detection.codec_parameters)},
    {U32(media_failure_detection.call)},
};

static const struct sccp_field connection_statistics_req[] = {
    {TEXT(connection_statistics_req.number, 24), UNTIL(18)},
    {TEXT(connection_statistics_req.number, 25), SINCE(19)},
    {PADDING(3), SINCE(19)},
    {U32(connection_statistics_req.call)},
    {U32(connection_statistics_req.mode)},
};

/* From version 22 on the mode is one byte, and nothing behind it is aligned. */
static const struct sccp_field connection_statistics[] = {
    {TEXT(connection_statistics.number, 24), UNTIL(18)},
    {TEXT(connection_statistics.number, 28), SINCE(19)},
    {U32(connection_statistics.call)},
    {U32(connection_statistics.mode), UNTIL(21)},
    {U32_IN_A_BYTE(connection_statistics.mode), SINCE(22)},
    {U32(connection_statistics.packets_sent)},
    {U32(connection_statistics.octets_sent)},
    {U32(connection_statistics.packets_received)},
    {U32(connection_statistics.octets_received)},
    {U32(connection_statistics.packets_lost)},
    {U32(connection_statistics.jitter)},
    {U32(connection_statistics.latency)},
    {LENGTH(connection_statistics.quality)},
    {DATA(connection_statistics.quality)},
};

static const struct sccp_layout layouts[] = {
    {PHONE(SCCP_MULTICAST_MEDIA_RECEPTION_ACK, "MulticastMediaReceptionAck")},
    {PHONE(SCCP_OPEN_RECEIVE_CHANNEL_ACK, "OpenReceiveChannelAck"),
     FIELDS(open_receive_channel_ack)},
    {PHONE(SCCP_CONNECTION_STATISTICS_RES, "ConnectionStatisticsRes"),
     FIELDS(connection_statistics)},
    {PHONE(SCCP_MEDIA_TRANSMISSION_FAILURE, "MediaTransmissionFailure"),
     FIELDS(media_transmission_failure)},
    {PHONE(SCCP_OPEN_MULTIMEDIA_RECEIVE_CHANNEL_ACK, "OpenMultiMediaReceiveChannelAck")},
    {PHONE(SCCP_PORT_RESPONSE, "PortResponse")},
    {PHONE(SCCP_START_MEDIA_TRANSMISSION_ACK, "StartMediaTransmissionAck"),
     FIELDS(start_media_transmission_ack)},
    {PHONE(SCCP_START_MULTIMEDIA_TRANSMISSION_ACK, "StartMultiMediaTransmissionAck")},

    {SERVES(SCCP_START_MEDIA_TRANSMISSION, "StartMediaTransmission"),
     FIELDS(start_media_transmission)},
    {SERVES(SCCP_STOP_MEDIA_TRANSMISSION, "StopMediaTransmission"), FIELDS(end_media)},
    {SERVES(SCCP_OPEN_RECEIVE_CHANNEL, "OpenReceiveChannel"), FIELDS(open_receive_channel)},
    {SERVES(SCCP_CLOSE_RECEIVE_CHANNEL, "CloseReceiveChannel"), FIELDS(end_media)},
    {SERVES(SCCP_CONNECTION_STATISTICS_REQ, "ConnectionStatisticsReq"),
     FIELDS(connection_statistics_req)},
    {SERVES(SCCP_START_MEDIA_FAILURE_DETECTION, "StartMediaFailureDetection"),
     FIELDS(media_failure_detection)},
};

const struct sccp_layouts sccp_media_layouts = {layouts, COUNT_OF(layouts)};
