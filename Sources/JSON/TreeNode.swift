/// One value of the tree while it is being encoded.
///
/// A class, because a container that was handed out goes on writing into its place.
final class TreeNode {
    private enum Content {
        case nothing
        case leaf(JSON)
        /// The positions are known by name once there are many.
        case members([(name: String, node: TreeNode)], positions: [String: Int])
        case elements([TreeNode])
    }

    /// Up to so many members are looked through one by one, which costs less than a table of them.
    private static let few = 32

    private var content = Content.nothing

    init() {}

    init(_ leaf: JSON) { content = .leaf(leaf) }

    var leaf: JSON? {
        get {
            guard case .leaf(let value) = content else { return nil }
            return value
        }
        set { content = newValue.map { .leaf($0) } ?? .nothing }
    }

    var count: Int {
        guard case .elements(let nodes) = content else { return 0 }
        return nodes.count
    }

    func becomeObject() {
        if case .members = content { return }
        content = .members([], positions: [:])
    }

    func becomeArray() {
        if case .elements = content { return }
        content = .elements([])
    }

    /// Sets a member; one of the same name is replaced where it stands.
    func set(_ name: String, _ node: TreeNode) {
        guard case .members(var members, var positions) = content else { return }
        content = .nothing  // so that the arrays are not copied
        let isMany = members.count > Self.few
        if isMany, positions.isEmpty {
            positions = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.name, $0) })
        }
        if let position = isMany ? positions[name] : members.firstIndex(where: { $0.name == name }) {
            members[position].node = node
        } else {
            if isMany { positions[name] = members.count }
            members.append((name, node))
        }
        content = .members(members, positions: positions)
    }

    func append(_ node: TreeNode) {
        guard case .elements(var nodes) = content else { return }
        content = .nothing
        nodes.append(node)
        content = .elements(nodes)
    }

    /// The finished value. A type that encoded nothing at all is an object without members.
    var json: JSON {
        switch content {
        case .nothing: .object(JSONObject())
        case .leaf(let value): value
        case .members(let members, _):
            .object(JSONObject(members.map { JSONObject.Member(name: $0.name, value: $0.node.json) }))
        case .elements(let nodes): .array(nodes.map(\.json))
        }
    }
}
