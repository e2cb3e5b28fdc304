using Dpark.Closures.Format;

namespace Dpark.Closures.Shapes;

/// <summary>What one kind of object looks like in the format. The numbers are part of the format; they never change.</summary>
internal enum ShapeKind : byte
{
    String = 0,
    Object = 1,
    Array = 2,
    Delegate = 3,
    Multicast = 4,
    Text = 5,
    Boxed = 6,
    Type = 7,
    Singleton = 8,
    Broadcast = 9,
}

/// <summary>
/// Writes and reads the objects of one kind and type. An object is made in two steps, so that cycles and deep graphs need no recursion: its creation record says
/// enough to allocate it, and its content is filled in when all objects exist. Immutable; cached, and shared by threads.
/// </summary>
internal abstract class Shape
{
    public abstract ShapeKind Kind { get; }

    /// <summary>The exact type of the objects, as far as it is known.</summary>
    public abstract Type Type { get; }

    /// <summary>Whether the creation record is all there is and the object cannot change, so that all copies of a closure share one.</summary>
    public virtual bool IsConstant => false;

    /// <summary>Whether the shape belongs to code that can be unloaded, which what outlives a graph must not refer to.</summary>
    public virtual bool IsCollectible => Type.IsCollectible;

    /// <summary>Writes what the reader needs to rebuild this shape.</summary>
    public abstract void Describe(HeaderWriter header);

    /// <summary>Shows what the object refers to.</summary>
    public virtual void Visit(object value, GraphVisitor visitor)
    {
    }

    public virtual void WriteCreation(object value, BodyWriter body)
    {
    }

    public virtual void WriteContent(object value, BodyWriter body)
    {
    }

    /// <summary>Allocates the object. Only objects with a lower number exist.</summary>
    public abstract object Create(ref ClosureInput input, in CreationContext context);

    /// <summary>Fills the object in. All objects exist, in any state.</summary>
    public virtual void Fill(object value, ref ClosureInput input, object?[] objects)
    {
    }

    /// <summary>Moves past a creation record.</summary>
    /// <returns>Fewest bytes that the content takes.</returns>
    public abstract long SkipCreation(ref ClosureInput input);
}

/// <summary>What <see cref="Shape.Create"/> may use.</summary>
internal readonly record struct CreationContext(object?[] Objects, CodeResolver Code, Broadcasting.IBroadcastSource? Broadcasts, CancellationToken CancellationToken)
{
    /// <summary>An object that exists already.</summary>
    public object Earlier(int index)
    {
        if ((uint)index >= (uint)Objects.Length || Objects[index] is not { } value)
        {
            ClosureThrow.Malformed($"object {index} is used before it exists");
            return Objects;
        }

        return value;
    }
}
