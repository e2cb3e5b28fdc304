using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Dpark.Closures.Analysis;

/// <summary>Splits the bytes of a method body into instructions.</summary>
internal static class IlReader
{
    private const byte TwoByteLead = 0xFE;

    private static readonly OpCode?[] OneByte = new OpCode?[256];

    private static readonly OpCode?[] TwoByte = new OpCode?[256];

    static IlReader()
    {
        foreach (var field in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var code = (OpCode)field.GetValue(null)!;
            (code.Size == 1 ? OneByte : TwoByte)[code.Value & 0xFF] = code;
        }
    }

    /// <exception cref="BadImageFormatException">The bytes are not code.</exception>
    public static List<IlInstruction> Read(ReadOnlySpan<byte> il)
    {
        var instructions = new List<IlInstruction>(il.Length / 2);
        var position = 0;
        try
        {
            while (position < il.Length)
            {
                instructions.Add(ReadOne(il, ref position));
            }
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw new BadImageFormatException("A method body ends inside an instruction.", e);
        }

        return instructions;
    }

    private static IlInstruction ReadOne(ReadOnlySpan<byte> il, ref int position)
    {
        var offset = position;
        var first = il[position++];
        var code = (first == TwoByteLead ? TwoByte[il[position++]] : OneByte[first]) ?? throw new BadImageFormatException("A method body holds an unknown instruction.");
        switch (code.OperandType)
        {
            case OperandType.InlineNone:
                return new IlInstruction(offset, code, 0, null);
            case OperandType.ShortInlineBrTarget:
                var near = (sbyte)il[position++];
                return new IlInstruction(offset, code, position + near, null);
            case OperandType.InlineBrTarget:
                var far = Int32(il, ref position);
                return new IlInstruction(offset, code, position + far, null);
            case OperandType.ShortInlineI or OperandType.ShortInlineVar:
                return new IlInstruction(offset, code, il[position++], null);
            case OperandType.InlineVar:
                position += sizeof(ushort);
                return new IlInstruction(offset, code, BinaryPrimitives.ReadUInt16LittleEndian(il[(position - sizeof(ushort))..]), null);
            case OperandType.InlineI8 or OperandType.InlineR:
                position += sizeof(long);
                return new IlInstruction(offset, code, 0, null);
            case OperandType.InlineSwitch:
                return new IlInstruction(offset, code, 0, Switch(il, ref position));
            default:
                return new IlInstruction(offset, code, Int32(il, ref position), null);
        }
    }

    private static int[] Switch(ReadOnlySpan<byte> il, ref int position)
    {
        var targets = new int[Int32(il, ref position)];
        var end = position + (targets.Length * sizeof(int));
        for (var i = 0; i < targets.Length; i++)
        {
            targets[i] = end + Int32(il, ref position);
        }

        return targets;
    }

    private static int Int32(ReadOnlySpan<byte> il, ref int position)
    {
        position += sizeof(int);
        return BinaryPrimitives.ReadInt32LittleEndian(il[(position - sizeof(int))..]);
    }
}
