using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Makes pairs with texts as keys. An array that is used again has most of the references to blocks already, and to write one where the collector has to know of it is a call, which took
/// longer than everything else about a pair. Immutable, so thread-safe.
/// </summary>
internal abstract class TextPairMapping<TIn, TOut>
{
    /// <summary>The one for such pairs; <see langword="null"/> for any other type.</summary>
    public static TextPairMapping<TIn, TOut>? TryCreate()
    {
        var type = typeof(TOut);
        return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTuple<,>) && type.GetGenericArguments() is var members && members[0] == typeof(Utf8Text)
            ? (TextPairMapping<TIn, TOut>)Activator.CreateInstance(typeof(ToTextPair<,>).MakeGenericType(typeof(TIn), members[1]))!
            : null;
    }

    /// <summary>Applies the function to each element.</summary>
    /// <param name="output">As long as the input; what it holds is replaced.</param>
    public abstract void Apply(ReadOnlySpan<TIn> input, Span<TOut> output, Func<TIn, TOut> transform);
}

/// <inheritdoc/>
internal sealed class ToTextPair<TIn, TValue> : TextPairMapping<TIn, (Utf8Text Key, TValue Value)>
{
    public override void Apply(ReadOnlySpan<TIn> input, Span<(Utf8Text Key, TValue Value)> output, Func<TIn, (Utf8Text Key, TValue Value)> transform)
    {
        output = output[..input.Length];
        for (var i = 0; i < input.Length; i++)
        {
            var pair = transform(input[i]);
            ref var target = ref output[i];
            if (Utf8Text.TryMove(ref target.Key, pair.Key))
            {
                target.Value = pair.Value;
            }
            else
            {
                target = pair;
            }
        }
    }
}
