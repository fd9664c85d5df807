# capture.sh: what crosses the loopback device during a test, as tshark reads it. Sourced; needs
# $work, and $offset, as daemon.sh has it.
#
#     in_own_network SCRIPT ARGUMENT...   first of all: who is not root goes on in a network of their own
#     may_capture                0, or says why not
#     capture NAME               begins; `captured` ends it
#     messages NAME              of SCCP in it, with what $keylog says of TLS: one line each,
#                                TIME PORT-OF-PHONE <|> VERSION ID FIELD=VALUE...
#                                where < is to the phone, VERSION is the header's, ID is decimal, the fields are
#                                the dissector's, those of `fields`, and "malformed=1"
#     sessions MESSAGES VOICES   of audio, one line each way: see there

fields='DeviceName maxProtocolVer callReference passThroughPartyId algorithmID keylen saltlen key salt isMKIPresent keyDerivationRate
    remotePortNumber portNumber callSecurityStatus'

in_own_network() {
    [ "$(id -u)" -ne 0 ] && [ -z "${TRUSTLINE_NETWORK:-}" ] &&
        unshare --map-current-user --net --keep-caps true 2>/dev/null || return 0
    # shellcheck disable=SC2016 # for the other shell
    TRUSTLINE_NETWORK=own exec unshare --map-current-user --net --keep-caps \
        sh -c 'ip link set lo up && exec "$0" "$@"' "$@"
}

may_capture() {
    command -v tshark >/dev/null && command -v dumpcap >/dev/null || fails 'tshark is not installed' || return
    dumpcap -i lo -L >/dev/null 2>&1 || fails 'this user may not capture on the loopback device'
}

capture() {
    capture_file=$work/$1.pcapng
    # All of it is kept for later; other tests' packets are sorted out there.
    timeout 250 dumpcap -q -i lo -B 64 -w "$capture_file" \
        -f "udp or tcp port $((2000 + offset)) or tcp port $((2443 + offset))" 2>"$capture_file.err" &
    capture_pid=$!
    eventually grep -q '^File:' "$capture_file.err"
}
# What was sent before must be in the file: this request comes after it.
captured() {
    curl -s --max-time 5 "tftp://127.0.0.1:$((69 + offset))/the-capture-ends-here" -o /dev/null
    eventually grep -q the-capture-ends-here "$capture_file" || return
    kill -INT "$capture_pid"
    wait "$capture_pid"
    grep -q 'received/dropped.*: [0-9]*/0 ' "$capture_file.err" || { cat "$capture_file.err"; return 1; }
}

# read_capture NAME OPTION...: tshark, knowing our ports, and with nobody's preferences.
read_capture() {
    reading=$work/$1.pcapng
    shift
    WIRESHARK_CONFIG_DIR=$work/.wireshark tshark -r "$reading" -d "tcp.port==$((2000 + offset)),skinny" -d "tcp.port==$((2443 + offset)),tls" \
        -d "tls.port==$((2443 + offset)),skinny" "$@" 2>/dev/null
}

messages() {
    read_capture "$1" ${keylog:+-o "tls.keylog_file:$keylog"} -Y skinny -T pdml |
        awk -v "fields=$fields" -v "offset=$offset" '
        BEGIN { for (n = split(fields, list); n; n--) wanted["skinny." list[n]] = list[n] }
        function attribute(name) {
            return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
        }
        function tell() {
            if (id == "") return
            line = time " " phone " " way " " version " " id bad
            for (i = 1; i <= count; i++) line = line " " names[i] "=" value[names[i]]
            print line
            id = bad = ""
            count = 0
            split("", value)
        }
        /<packet>/ { tell() }
        /<proto name="skinny"/ { tell() }
        /<proto name="_ws.malformed"/ { bad = " malformed=1" }
        /<field name="/ {
            name = attribute("name")
            if (name == "frame.time_epoch") time = attribute("show")
            else if (name == "tcp.srcport") from = attribute("show")
            else if (name == "tcp.dstport") {
                to_phone = from == 2000 + offset || from == 2443 + offset
                way = to_phone ? "<" : ">"
                phone = to_phone ? attribute("show") : from
            } else if (name == "skinny.hdr_version") version = substr(attribute("value"), 1, 2)
            else if (name == "skinny.messageId") id = attribute("show")
            else if (name in wanted) {
                name = wanted[name]
                if (!(name in value)) names[++count] = name
                # Of keys and salts each byte is a field.
                value[name] = name == "key" || name == "salt" ? value[name] attribute("value") : attribute("show")
            }
        }
        END { tell() }'
}

# Packets of RTP, one line each: TIME PORT SSRC SEQUENCE TYPE PAYLOAD
voices() {
    read_capture "$1" -d udp.port==1024-65535,rtp -Y 'rtp && rtp.p_type == 0' -T fields -E separator=' ' \
        -e frame.time_epoch -e udp.dstport -e rtp.ssrc -e rtp.seq -e rtp.p_type -e rtp.payload
}

# Each StartMediaTransmission and what became of it, one line:
#
#     TIME SENDER RECEIVER ALGORITHM KEY-LENGTH SALT-LENGTH same|other KEY PACKETS LOST SIZE silence|noise
#
# SENDER and RECEIVER are devices; "same" says that the receiver was told the same keys in the
# OpenReceiveChannel it has answered with that address. SIZE is of the payloads, "mixed" where they differ; they are silence
# where each is the same byte again and again.
sessions() {
    awk '
        function field(name,    i) {
            for (i = 6; i <= NF; i++) if (index($i, name "=") == 1) return substr($i, length(name) + 2)
            return ""
        }
        function keys() {
            return field("algorithmID") " " field("keylen") " " field("saltlen") " " field("key") field("salt") \
                " " field("isMKIPresent") " " field("keyDerivationRate")
        }
        FNR == NR && $5 == 1 { device[$2] = field("DeviceName") }
        FNR == NR && $5 == 261 { asked[$2, field("passThroughPartyId")] = keys() }
        FNR == NR && $5 == 34 {
            port = field("portNumber")
            owner[port] = device[$2]
            opened[port] = asked[$2, field("passThroughPartyId")]
        }
        FNR == NR && $5 == 138 {
            port = field("remotePortNumber")
            of[port] = of[port] " " ++count
            at[count] = $1
            split(keys(), k, " ")
            alike = opened[port] == keys() ? "same" : "other"
            text[count] = $1 " " device[$2] " " owner[port] " " substr(k[1], 10) " " k[2] " " k[3] " " alike \
                " " (k[6] == "" ? "-" : k[4])
            next
        }
        FNR == NR { next }
        !($2 in of) { next }
        {
            if (!(($2, $3) in session)) {
                n = split(of[$2], list, " ")
                while (n && at[list[n]] > $1) n--
                session[$2, $3] = n ? list[n] : 0
                low[$2, $3] = $4
            }
            s = session[$2, $3]
            packets[s]++
            lost[s] += $4 - low[$2, $3]
            low[$2, $3] = $4 + 1
            bytes = length($6) / 2
            if (size[s] == "") size[s] = bytes
            if (size[s] != bytes) size[s] = "mixed"
            silent = $6
            gsub(substr($6, 1, 2), "", silent)
            noise[s] = noise[s] || silent != ""
        }
        END {
            for (i = 1; i <= count; i++)
                print text[i], packets[i] + 0, lost[i] + 0, size[i] == "" ? 0 : size[i], noise[i] ? "noise" : "silence"
            if (packets[0]) print "audio that nobody was told to send:", packets[0]
        }' "$1" "$2"
}
