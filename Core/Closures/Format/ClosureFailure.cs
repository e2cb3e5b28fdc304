using Dpark.Closures.Code;
using Dpark.Closures.Shapes;
using Dpark.Rdds;

namespace Dpark.Closures.Format;

/// <summary>Words the refusal of a graph: who captures what, by which path, and what to do.</summary>
/// <param name="callSite">The operator that was given the function; <see langword="null"/> if unknown.</param>
/// <param name="outer">If the graph is a captured value of another one: that graph, and the node that holds the value.</param>
internal sealed class ClosureFailure(CallSite? callSite, (ClosureFailure Failure, GraphWalker Walker, int Node)? outer)
{
    /// <summary>The operator that was given the function.</summary>
    public CallSite? CallSite => callSite;

    public ClosureException Make(GraphWalker walker, int holder, object value, Refusal refusal) =>
        Make(Chain(walker, holder, value), "", value.GetType(), refusal);

    public ClosureException Make(GraphWalker walker, int holder, FieldSlot slot) =>
        Make(Chain(walker, holder, null), DisplayNames.Member(slot.Field.Name), slot.Field.FieldType, slot.Refusal!);

    /// <summary>Names a captured value, such as <c>Job.Run: 'table' (int[])</c>.</summary>
    public string Describe(GraphWalker walker, int holder, object value)
    {
        var (prefix, path, _) = Locate(Chain(walker, holder, value), "");
        return $"{prefix}: '{path}' ({DisplayNames.Of(value.GetType())})";
    }

    private ClosureException Make(List<(GraphNode Node, object? Child)> chain, string last, Type type, Refusal refusal)
    {
        var (prefix, path, isFunction) = Locate(chain, last);
        var holder = chain.Count == 0 ? prefix : $"{prefix}: {(isFunction ? "closure captures" : "the object holds")} '{path}'";
        var who = callSite is { Operator: not null } site ? site.ToString() : "The engine";
        return new ClosureException($"{holder} ({DisplayNames.Of(type)}). {who} cannot send {refusal.What} to the workers: {refusal.Advice}.", holder, type);
    }

    private static (string Prefix, string Path, bool IsFunction) Locate(List<(GraphNode Node, object? Child)> chain, string last)
    {
        var start = chain.FindIndex(step => IsUserFunction(step.Node.Value));
        var labels = chain.Skip(Math.Max(start, 0)).Where(step => step.Child is not null).Select(step => EdgeLabels.Of(step.Node, step.Child!));
        var path = Join(labels.Append(last));
        return start >= 0 ? (DisplayNames.Holder(((Delegate)chain[start].Node.Value).Method), path, true)
            : (chain.Count == 0 ? "The object" : DisplayNames.Of(chain[0].Node.Value.GetType()), path, false);
    }

    private static bool IsUserFunction(object value) =>
        value is Delegate { HasSingleTarget: true } function && !SharedAssemblies.IsEngine(function.Method.Module.Assembly);

    // From the root to the offending object: every node with what it leads to.
    private List<(GraphNode Node, object? Child)> Chain(GraphWalker walker, int holder, object? child)
    {
        var chain = new List<(GraphNode, object?)>();
        for (var number = holder; number >= 0; number = walker.Nodes[number].Parent)
        {
            chain.Add((walker.Nodes[number], child));
            child = walker.Nodes[number].Value;
        }

        chain.Reverse();
        if (outer is var (failure, outerWalker, node))
        {
            chain.InsertRange(0, failure.Chain(outerWalker, node, child));
        }

        return chain;
    }

    private static string Join(IEnumerable<string> labels)
    {
        var path = "";
        foreach (var label in labels)
        {
            path += label.Length == 0 || path.Length == 0 || label[0] == '[' ? label : "." + label;
        }

        return path;
    }
}
