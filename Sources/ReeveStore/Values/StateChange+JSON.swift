import JSON
import ReeveProtocol

extension StateChange {
    /// The whole change, for a dead letter that outlives its row in the journal.
    var json: JSON {
        var object: JSONObject = [
            "sequence": .number(String(sequence)), "id": .string(id), "lane": .string(lane.name),
            "type": .string(content.type), "time": .number(String(content.time.milliseconds)),
            "summary": .string(content.summary),
        ]
        object["previous"] = previous.map { .number(String($0)) }
        object["source"] = content.source.map(JSON.string)
        object["publisherID"] = content.publisherID.map(JSON.string)
        object["subject"] = content.subject.map(JSON.string)
        object["data"] = content.data
        return .object(object)
    }

    /// `nil` if it is not what ``json`` makes.
    init?(json: JSON) {
        guard let sequence = json["sequence"]?.integer, let id = json["id"]?.string, let lane = json["lane"]?.string,
            let type = json["type"]?.string, let time = json["time"]?.integer, let summary = json["summary"]?.string
        else { return nil }
        let content = Content(
            type: type,
            subject: json["subject"]?.string,
            time: Timestamp(milliseconds: Int64(time)),
            summary: summary,
            data: json["data"],
            source: json["source"]?.string,
            publisherID: json["publisherID"]?.string
        )
        let previous = json["previous"]?.integer.map(Int64.init)
        self.init(sequence: Int64(sequence), id: id, lane: Lane(name: lane), previous: previous, content: content)
    }
}
