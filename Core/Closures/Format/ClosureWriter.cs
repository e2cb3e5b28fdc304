using Dpark.Broadcasting;
using Dpark.Closures.Shapes;

namespace Dpark.Closures.Format;

/// <summary>Writes one graph: walks it, numbers its objects, and puts tables and objects out. Used by one thread, once.</summary>
internal sealed class ClosureWriter : BodyWriter
{
    private readonly GraphWalker _walker;
    private readonly int[] _numbers;
    private readonly List<int> _order;

    // By node: which of the distinct shapes it has.
    private readonly int[] _shapeOf;
    private readonly List<Shape> _shapes = [];

    private ClosureWriter(GraphWalker walker)
    {
        _walker = walker;
        _order = CreationOrder.Of(walker);
        _numbers = new int[_order.Count];
        for (var i = 0; i < _order.Count; i++)
        {
            _numbers[_order[i]] = i;
        }

        _shapeOf = new int[_order.Count];
        var known = new Dictionary<Shape, int>(ReferenceEqualityComparer.Instance);
        foreach (var number in _order)
        {
            var shape = walker.Nodes[number].Shape;
            if (!known.TryGetValue(shape, out _shapeOf[number]))
            {
                known.Add(shape, _shapeOf[number] = _shapes.Count);
                _shapes.Add(shape);
            }
        }
    }

    /// <summary>The first bytes of every closure: the format and its version.</summary>
    public static ReadOnlySpan<byte> Magic => "DPC1"u8;

    public static SerializedClosure Write(object root, CodeCatalog catalog, ClosureFailure failure, CaptureBroadcaster? broadcaster, bool forUser)
    {
        var walker = new GraphWalker(failure, broadcaster);
        walker.Walk(root, forUser);
        var writer = new ClosureWriter(walker);
        var header = catalog.Headers.Of(writer._shapes);
        writer.Output.WriteBytes(Magic);
        writer.Output.WriteNumber(header.Bytes.Length);
        writer.Output.WriteBytes(header.Bytes);
        writer.WriteBody(header);
        return new SerializedClosure(writer.Output.Written.ToArray(), header.Modules);
    }

    public override void WriteReference(object? value)
    {
        if (value is null)
        {
            Output.WriteNumber(0);
            return;
        }

        var node = _walker.NumberOf(value);
        if (node < 0)
        {
            ClosureThrow.ChangedMeanwhile(value.GetType());
        }

        Output.WriteNumber(_numbers[node] + 1);
    }

    public override BroadcastId BroadcastOf(object value) => _walker.Nodes[_walker.NumberOf(value)].Broadcast;

    public override object?[] PartsOf(object value) => _walker.Nodes[_walker.NumberOf(value)].Parts!;

    private void WriteBody(WrittenHeader header)
    {
        Output.WriteNumber(_order.Count);
        foreach (var number in _order)
        {
            ref var node = ref _walker.Nodes[number];
            Output.WriteNumber(header.Numbers[_shapeOf[number]]);
            node.Shape.WriteCreation(node.Value, this);
        }

        foreach (var number in _order)
        {
            ref var node = ref _walker.Nodes[number];
            node.Shape.WriteContent(node.Value, this);
        }

        var restored = RestoreOrder.Of(_walker);
        Output.WriteNumber(restored.Count);
        foreach (var number in restored)
        {
            var parts = _walker.Nodes[number].Parts!;
            Output.WriteNumber(_numbers[number]);
            Output.WriteNumber(parts.Length);
            Array.ForEach(parts, WriteReference);
        }

        Output.WriteNumber(_numbers[0]);
    }
}
