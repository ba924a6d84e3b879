import ReeveProtocol
import Testing

@testable import ReeveSubmitter

struct AnswerTableTests {
    private func result(
        _ status: Int?,
        _ policies: [String: AnswerPolicy]? = nil,
        after: Duration? = nil,
        isThrottled: Bool = false
    ) -> DeliveryResult {
        AnswerTable(policies).result(Reply(status: status, text: ""), retryAfter: after, isThrottled: isThrottled)
    }

    @Test(arguments: [200, 201, 202, 204, 299])
    func `success is delivered`(status: Int) {
        #expect(result(status) == .delivered(Reply(status: status, text: "")))
    }

    @Test(arguments: [nil, 401, 403, 404, 405, 407, 408, 409, 425, 429, 500, 502, 503, 504, 599])
    func `the endpoint's trouble is tried again`(status: Int?) {
        #expect(result(status) == .trouble(Reply(status: status, text: ""), after: nil))
    }

    @Test(arguments: [300, 301, 302, 303, 307, 308, 400, 413, 415, 422])
    func `what is about the event is refused`(status: Int) {
        #expect(result(status) == .refused(Reply(status: status, text: "")))
    }

    @Test func `gone pauses`() {
        #expect(result(410) == .paused(Reply(status: 410, text: "")))
    }

    @Test(arguments: [400, 413, 415, 422])
    func `a refusal that says that there was too much is the endpoint's trouble`(status: Int) {
        let reply = Reply(status: status, text: "")
        #expect(result(status, isThrottled: true) == .trouble(reply, after: nil))
        #expect(result(status, after: .seconds(7)) == .trouble(reply, after: .seconds(7)))
        let policies = [String(status): AnswerPolicy.deadLetter]
        #expect(result(status, policies, after: .seconds(7), isThrottled: true) == .refused(reply))
    }

    @Test func `what else there is says what it says, throttled or not`() {
        #expect(result(302, after: .seconds(7), isThrottled: true) == .refused(Reply(status: 302, text: "")))
        #expect(result(410, isThrottled: true) == .paused(Reply(status: 410, text: "")))
        #expect(result(200, isThrottled: true) == .delivered(Reply(status: 200, text: "")))
    }

    @Test(arguments: [403, 429, 503])
    func `a wait that is asked for is obeyed`(status: Int) {
        #expect(result(status, after: .seconds(7)) == .trouble(Reply(status: status, text: ""), after: .seconds(7)))
    }

    @Test func `a wait beside another status means nothing`() {
        #expect(result(500, after: .seconds(7)) == .trouble(Reply(status: 500, text: ""), after: nil))
    }

    @Test func `the endpoint's own words come first`() {
        let policies: [String: AnswerPolicy] = ["404": .deadLetter, "409": .delivered, "400": .retry, "503": .pause]
        let gone = Reply(status: 404, text: "")
        #expect(result(404, policies) == .refused(gone))
        #expect(result(409, policies) == .delivered(Reply(status: 409, text: "")))
        #expect(result(400, policies) == .trouble(Reply(status: 400, text: ""), after: nil))
        #expect(result(503, policies) == .paused(Reply(status: 503, text: "")))
    }
}

struct ThrottlingTests {
    private func areThere(_ body: String, _ headers: [String: String] = [:], sent: String = "{}") -> Bool {
        let headers = headers.map { TransportHeader(name: $0.key, value: $0.value) }
        let answer = TransportAnswer(status: 400, headers: headers, body: Array(body.utf8))
        return ThrottlingSigns(answer).areThere(beside: Array(sent.utf8))
    }

    @Test(arguments: [
        #"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
        #"{"__type":"InvalidParameterException","message":"Rate exceeded"}"#,
        "You have exceeded a secondary rate limit.", #"{"errors":[{"reason":"userRateLimitExceeded"}]}"#,
        "TOO MANY REQUESTS", "<Code>SlowDown</Code>", "quota-exceeded", "Please try again later.",
    ])
    func `codes and sentences for throttling are known`(body: String) {
        #expect(areThere(body))
    }

    @Test(arguments: [
        "", "no such order", "The order exceeds the size limit", "rate: must be a number", "limit must be at most 100",
        #"{"__type":"InvalidParameterException","message":"unknown status"}"#,
    ])
    func `what is about the event is not taken for it`(body: String) {
        #expect(!areThere(body))
    }

    @Test func `so are headers that say it`() {
        #expect(areThere("", ["X-RateLimit-Remaining": "0"]))
        #expect(areThere("", ["x-amzn-ErrorType": "ThrottlingException:http://internal/"]))
        #expect(!areThere("", ["X-RateLimit-Remaining": "10"]))
    }

    @Test func `a word that the event itself has says nothing`() {
        let event = #"{"subject":"valve","data":{"state":"throttled"}}"#
        #expect(!areThere("cannot take " + event, sent: event))
        #expect(areThere("cannot take " + event + ": rate limit", sent: event))
    }

    @Test func `only the beginning of an answer is looked through`() {
        #expect(!areThere(String(repeating: "-", count: ThrottlingSigns.length) + "throttled"))
    }
}

struct RetryAfterTests {
    private let now = Timestamp("1994-11-06T08:49:00Z")

    @Test(arguments: [
        ("0", Duration.zero), ("120", .seconds(120)), (" 5 ", .seconds(5)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(37)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", .seconds(37)),
        ("Sun Nov  6 08:49:37 1994", .seconds(37)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", .zero),
        ("99999999999999999999", .seconds(1 << 40)),
    ])
    func `is seconds or a date`(text: String, expected: Duration) throws {
        #expect(retryAfter(text, now: try #require(now)) == expected)
    }

    @Test(arguments: ["", "soon", "-5", "1.5", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT"])
    func `is nothing else`(text: String) throws {
        #expect(retryAfter(text, now: try #require(now)) == nil)
    }
}
