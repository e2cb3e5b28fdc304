using System.Runtime.InteropServices;
using Dpark.Broadcasting;
using Dpark.Closures.Analysis;
using Dpark.Closures.Code;
using Dpark.Closures.Shapes;
using Dpark.Closures.Surrogates;
using Dpark.Rdds;

namespace Dpark.Closures.Format;

/// <summary>
/// Finds every object that a root can reach, breadth first and without recursion, and refuses what cannot travel. Used by one thread, for one graph.
/// </summary>
/// <remarks>
/// <para>A delegate to user code brings the <see cref="CapturePlan"/> of its method along: of closure objects, and of the <c>this</c> that the code was written in,
/// only the fields of the plan are followed. Several delegates may share one closure object; then the fields of all their plans are.</para>
/// <para>What such a field holds is a captured value. One that is too large inline is given to the <see cref="CaptureBroadcaster"/>.</para>
/// </remarks>
internal sealed class GraphWalker(ClosureFailure failure, CaptureBroadcaster? broadcaster) : GraphVisitor
{
    private readonly List<GraphNode> _nodes = [];
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, int> _strings = new(StringComparer.Ordinal);
    private readonly Queue<(int Node, CapturePlan? Plan, bool ForUser)> _open = new();
    private readonly HashSet<(int Node, CapturePlan Plan)> _planned = [];
    private readonly ShapeSet _shapes = new();

    // Of the node that is being expanded.
    private int _current = -1;
    private CapturePlan? _plan;
    private bool _forUser;
    private bool _holdsCaptures;

    /// <summary>The objects in order of discovery; the root is the first.</summary>
    public Span<GraphNode> Nodes => CollectionsMarshal.AsSpan(_nodes);

    /// <summary>Follows the whole graph.</summary>
    /// <param name="forUser">Whether the root was made by user code.</param>
    /// <exception cref="ClosureException">Something in it cannot travel.</exception>
    public void Walk(object root, bool forUser)
    {
        _forUser = forUser;
        Enter(root, null);
        while (_open.TryDequeue(out var next))
        {
            Expand(next.Node, next.Plan, next.ForUser);
        }

        SettleShapes();
    }

    /// <summary>The number of an object of the graph; -1 if it was not there when the graph was walked.</summary>
    public int NumberOf(object value) =>
        value is string text ? _strings.GetValueOrDefault(text, -1) : _numbers.GetValueOrDefault(value, -1);

    public override void OnReference(object? value)
    {
        if (value is null)
        {
            return;
        }

        if (_holdsCaptures)
        {
            EnterCaptured(value, _plan);
        }
        else
        {
            Enter(value, null);
        }
    }

    public override void OnRefused(FieldSlot slot) => throw failure.Make(this, _current, slot);

    private void EnterCaptured(object value, CapturePlan? plan)
    {
        if (value is BroadcastCell)
        {
            Enter(value, null);
            return;
        }

        var layout = TypeLayout.Of(value.GetType());
        if (plan is not null && layout.Refusal is null && plan.MaskOf(layout) is not null && (layout.IsClosureClass || IsOuterThis(value)))
        {
            Enter(value, plan);
        }
        else if (!layout.IsClosureClass && broadcaster is not null && NumberOf(value) < 0 && broadcaster.TryPublish(failure, this, _current, value, layout, out var id))
        {
            AddNode(value, _shapes.Broadcast(value.GetType()), id);
        }
        else
        {
            Enter(value, null);
        }
    }

    // The link from a closure object to the "this" of its method, or from a delegate to its target.
    private bool IsOuterThis(object value)
    {
        var node = Nodes[_current];
        return node.Shape is DelegateShape ||
            (node.Shape is ObjectShape shape && shape.Fields.Any(slot => CompilerNames.IsOuterThis(slot.Field.Name) && ReferenceEquals(slot.Field.GetValue(node.Value), value)));
    }

    private void Enter(object value, CapturePlan? plan)
    {
        if (_forUser && value is Rdd)
        {
            throw failure.Make(this, _current, value, Refusals.Rdd);
        }

        var number = NumberOf(value);
        if (number < 0)
        {
            // As the root it is what is broadcast.
            number = value is BroadcastCell cell && _nodes.Count > 0 ? AddCell(cell) : AddNode(value, ShapeOf(value), default);
        }

        ref var node = ref Nodes[number];
        if (node.Shape.IsConstant || node.Shape is BroadcastShape)
        {
            return;
        }

        var forUser = _forUser || (node.Shape is ObjectShape && TypeLayout.Of(value.GetType()).IsUserCode);
        if (plan is null)
        {
            if (node.IsExpanded && (node.IsExpandedForUser || !forUser))
            {
                return;
            }

            node.IsExpanded = true;
            node.IsExpandedForUser = forUser;
            _open.Enqueue((number, null, forUser));
        }
        else if (_planned.Add((number, plan)))
        {
            _open.Enqueue((number, plan, forUser));
        }
    }

    private int AddCell(BroadcastCell cell)
    {
        if (cell.IsDisposed)
        {
            throw failure.Make(this, _current, cell, Refusals.DisposedBroadcast);
        }

        if (_nodes[0].Value is BroadcastCell)
        {
            throw failure.Make(this, _current, cell, Refusals.NestedBroadcast);
        }

        broadcaster?.Use(cell.Id);
        return AddNode(cell, _shapes.Broadcast(cell.GetType()), cell.Id);
    }

    private int AddNode(object value, Shape shape, BroadcastId broadcast)
    {
        var number = _nodes.Count;
        _nodes.Add(new GraphNode { Value = value, Shape = shape, Parent = _current, Broadcast = broadcast });
        if (value is string text)
        {
            _strings.Add(text, number);
        }
        else
        {
            _numbers.Add(value, number);
        }

        return number;
    }

    private Shape ShapeOf(object value)
    {
        switch (value)
        {
            case string:
                return StringShape.Instance;
            case Delegate function:
                return ShapeOf(function);
            case Type { IsGenericParameter: false, HasElementType: false } or Type { IsArray: true }:
                return _shapes.Type((Type)value);
        }

        var layout = TypeLayout.Of(value.GetType());
        if (layout.Refusal is not null)
        {
            throw failure.Make(this, _current, value, layout.Refusal);
        }

        if (layout.MayBeSingleton && Singletons.Find(value) is { } singleton)
        {
            return singleton;
        }

        return layout.Text is { } text && text.Claims(value) ? _shapes.Text(text) : layout.Shape!;
    }

    private Shape ShapeOf(Delegate function)
    {
        if (!function.HasSingleTarget)
        {
            return _shapes.Multicast(function.GetType());
        }

        var method = function.Method;
        if (method.DeclaringType is not { } declaring || method.Module.Assembly.IsDynamic)
        {
            throw failure.Make(this, _current, function, Refusals.DynamicMethod);
        }

        // A delegate made of a native function pointer says that its method is its own Invoke.
        if (!method.IsStatic && function.Target is null && typeof(Delegate).IsAssignableFrom(declaring))
        {
            throw failure.Make(this, _current, function, Refusals.NativeCode);
        }

        return _shapes.Delegate(function.GetType(), method);
    }

    private void Expand(int number, CapturePlan? plan, bool forUser)
    {
        var (value, shape) = (Nodes[number].Value, Nodes[number].Shape);
        (_current, _plan, _forUser, _holdsCaptures) = (number, plan, forUser, false);
        switch (shape)
        {
            case DelegateShape single:
                ExpandDelegate((Delegate)value, single);
                break;
            case MulticastShape:
                ExpandParts(number, ((Delegate)value).GetInvocationList());
                break;
            case ObjectShape byFields:
                ExpandFields(number, value, byFields, plan);
                break;
            default:
                shape.Visit(value, this);
                break;
        }
    }

    private void ExpandDelegate(Delegate function, DelegateShape shape)
    {
        if (function.Target is not { } target)
        {
            return;
        }

        var assembly = function.Method.Module.Assembly;
        if (SharedAssemblies.IsEngine(assembly))
        {
            Enter(target, null);
            return;
        }

        var isUserCode = !SharedAssemblies.IsShared(assembly);
        _forUser |= isUserCode;
        _plan = isUserCode && !function.Method.IsStatic ? CaptureAnalyzer.PlanOf(function.Method) : null;
        EnterCaptured(target, _plan);
    }

    private void ExpandFields(int number, object value, ObjectShape shape, CapturePlan? plan)
    {
        if (plan is null)
        {
            Nodes[number].Mask = null;
            shape.VisitFields(value, this);
            if (shape.Surrogate is { } surrogate)
            {
                ExpandParts(number, Nodes[number].Parts ?? surrogate.Take(value));
            }

            return;
        }

        var mask = plan.MaskOf(TypeLayout.Of(value.GetType()))!;
        Merge(ref Nodes[number], mask);
        _holdsCaptures = true;
        for (var i = 0; i < mask.Length; i++)
        {
            if (mask[i])
            {
                ObjectShape.VisitField(shape.Fields[i], value, this);
            }
        }
    }

    private static void Merge(ref GraphNode node, bool[] mask)
    {
        if (node.IsExpanded)
        {
            return;
        }

        node.Mask ??= new bool[mask.Length];
        for (var i = 0; i < mask.Length; i++)
        {
            node.Mask[i] |= mask[i];
        }
    }

    private void ExpandParts(int number, object?[] parts)
    {
        Nodes[number].Parts = parts;
        foreach (var part in parts)
        {
            OnReference(part);
        }
    }

    private void SettleShapes()
    {
        foreach (ref var node in Nodes)
        {
            if (node.Mask is { } mask && Array.IndexOf(mask, false) >= 0)
            {
                node.Shape = _shapes.Pruned((ObjectShape)node.Shape, mask);
            }
            else if (node.Mask is not null && ((ObjectShape)node.Shape).Surrogate is not null)
            {
                node.Shape = _shapes.Pruned((ObjectShape)node.Shape, node.Mask);
            }
        }
    }
}
