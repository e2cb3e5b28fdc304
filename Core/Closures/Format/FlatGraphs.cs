using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Dpark.Broadcasting;
using Dpark.Closures.Shapes;

namespace Dpark.Closures.Format;

/// <summary>
/// Writes objects that refer to no others, as most partitions are, without walking a graph: their tables are the same for all objects of a type. The bytes are those
/// of <see cref="ClosureWriter"/>. Thread-safe.
/// </summary>
internal sealed class FlatGraphs(CodeCatalog catalog)
{
    // By type, and weak: a type of an application must not be kept loaded by its description.
    private readonly ConditionalWeakTable<Type, StrongBox<FlatType?>> _types = [];

    /// <returns><see langword="false"/> if the object is not of that kind.</returns>
    public bool TryWrite(object root, [NotNullWhen(true)] out SerializedClosure? closure)
    {
        if (!_types.TryGetValue(root.GetType(), out var known))
        {
            known = _types.GetValue(root.GetType(), type => new StrongBox<FlatType?>(Describe(type, root)));
        }

        closure = known.Value?.Write(root);
        return closure is not null;
    }

    private FlatType? Describe(Type type, object example)
    {
        var layout = TypeLayout.Of(type);
        var isFlat = !type.IsValueType && layout is { Refusal: null, Text: null, MayBeSingleton: false, IsClosureClass: false }
            && layout.Shape is ObjectShape { Surrogate: null, IsConstant: false } shape && shape.Fields.All(field => field.Refusal is null && !field.Value.HasReferences);
        if (!isFlat)
        {
            return null;
        }

        var whole = ClosureWriter.Write(example, catalog, new ClosureFailure(null, null), broadcaster: null, forUser: false);
        var content = new FlatWriter();
        layout.Shape!.WriteContent(example, content);

        // Behind the content are the count of restored objects and the number of the root, one byte each.
        var contentLength = content.Output.Length + FlatType.EndLength;
        return new FlatType((ObjectShape)layout.Shape, whole.Bytes[..^contentLength], whole.Bytes[^FlatType.EndLength..], whole.Modules);
    }

    /// <summary>What all objects of a type have in common.</summary>
    private sealed class FlatType(ObjectShape shape, byte[] start, byte[] end, System.Collections.Immutable.ImmutableArray<CodeModule> modules)
    {
        public const int EndLength = 2;

        public SerializedClosure Write(object root)
        {
            var writer = new FlatWriter();
            shape.WriteContent(root, writer);
            return new SerializedClosure([.. start, .. writer.Output.Written, .. end], modules);
        }
    }

    private sealed class FlatWriter : BodyWriter
    {
        public override void WriteReference(object? value) => throw new InvalidOperationException("A flat object has no references.");

        public override BroadcastId BroadcastOf(object value) => throw new InvalidOperationException("A flat object has no broadcasts.");

        public override object?[] PartsOf(object value) => throw new InvalidOperationException("A flat object has no parts.");
    }
}
